/** The stream that fits how large its picture is on the screen. */

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Camera, StreamName } from "../api/types";
import { type Size, streamFor } from "./stream";

/** A window that is being dragged, or an alarm that comes and goes, is no reason to begin anew. */
const SETTLED_MS = 1_500;

/** Undefined until the element has been measured. While one stream gives way to the other the old picture stays. */
export function useFittingStream(element: RefObject<Element | null>, streams: Camera["streams"]): StreamName | undefined {
  const [stream, set] = useState<StreamName>();
  const size = useRef<Size | undefined>(undefined);
  const choose = () => size.current && set((now) => streamFor(streams, size.current as Size, now));
  const choice = useRef(choose);
  choice.current = choose;
  useEffect(() => {
    let settled: ReturnType<typeof setTimeout> | undefined;
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      const first = !size.current;
      size.current = { width: width * devicePixelRatio, height: height * devicePixelRatio };
      clearTimeout(settled);
      if (first) choice.current();
      else settled = setTimeout(() => choice.current(), SETTLED_MS);
    });
    observer.observe(element.current!);
    return () => {
      clearTimeout(settled);
      observer.disconnect();
    };
  }, []);
  const told = streams.map(({ stream, codec, width, height }) => `${stream} ${codec} ${width} ${height}`).join();
  useEffect(() => void choice.current(), [told]);
  return stream;
}
