/** A camera's latest picture, or where there is none yet its live one, with something over it that has its size. */

import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { CameraName } from "../api/types";
import { useCell } from "../cell";
import { LivePicture } from "../live/picture";
import { cameras, sameCamera } from "../news";
import { text } from "../text";
import { Icon } from "../ui/icon";

interface Props {
  of: CameraName;
  alt: string;
  /** the name of a class */
  look: string;
  /** nothing goes on live here */
  small?: boolean;
  children: (width: number, height: number) => ComponentChildren;
}

export function Still({ of, alt, look, small = false, children }: Props): JSX.Element {
  const camera = useCell(cameras)?.find((other) => sameCamera(other, of));
  const [size, setSize] = useState<[number, number]>();
  const url = camera?.snapshot?.url;
  if (camera && !url && !small) {
    const { width, height } = camera.streams[0] ?? {};
    return (
      <div class={`event-picture live ${look}`}>
        <LivePicture camera={camera} stream="sub" />
        {children(width ?? 16, height ?? 9)}
      </div>
    );
  }
  return (
    <div class={`event-picture ${look}${url ? "" : " none"}`}>
      {url ? (
        <img src={url} alt={alt} draggable={false} onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setSize([naturalWidth, naturalHeight])} />
      ) : (
        <>
          <Icon name="camera" size={22} />
          <span>{text.events.noSnapshot}</span>
        </>
      )}
      {(size || !url) && children(...(size ?? [16, 9]))}
    </div>
  );
}
