/** Which stream of a camera a picture of some size needs: pure. A wall of many small ones must not cost what a large one does. */

import type { Camera, StreamName } from "../api/types";
import { inFull } from "../codecs";

type Stream = Camera["streams"][number];

export interface Size {
  width: number;
  height: number;
}

/** A picture may be drawn larger than it is by this much before it looks coarse: then the next larger stream is worth it. */
const COARSE = 1.25;

/** Whether the browser can show it; what we cannot name may work. */
export function isPlayable(codec: string): boolean {
  const codecs = inFull(codec);
  return !codecs || !("MediaSource" in globalThis) || MediaSource.isTypeSupported(`video/mp4; codecs="${codecs}"`);
}

/** How many times larger than it is a stream is drawn in so many device pixels, all of it seen. */
const enlarged = ({ width, height }: Stream, { width: across, height: down }: Size) => (width > 0 && height > 0 ? Math.min(across / width, down / height) : 0);

/**
 * The lowest stream that fills `size` (device pixels), of those that can be played; `now` is the one that is shown.
 *
 * Between filling it and looking coarse lies room in which the stream stays as it is: a tile that grows and shrinks by
 * a little must not begin anew each time.
 */
export function streamFor(streams: readonly Stream[], size: Size, now: StreamName | undefined, playable: (codec: string) => boolean = isPlayable): StreamName {
  const [main, sub] = (["main", "sub"] as const).map((name) => streams.find(({ stream }) => stream === name));
  if (!sub) return "main";
  if (!main || !playable(main.codec)) return "sub";
  return enlarged(sub, size) > (now === "main" ? 1 : COARSE) ? "main" : "sub";
}

/** The best that can be played: one camera alone, as large as it gets. */
export const fullStream = (streams: readonly Stream[]): StreamName => streamFor(streams, { width: Infinity, height: Infinity }, "main");
