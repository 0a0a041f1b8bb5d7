/** A camera's latest picture, with something over it that has its size; where there is none yet, its live one if that is asked for. */

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
  /** looking live is written down, and takes the gateway's link: for drawing on it alone */
  live?: boolean;
  children: (width: number, height: number) => ComponentChildren;
}

export function Still({ of, alt, look, live = false, children }: Props): JSX.Element {
  const camera = useCell(cameras)?.find((other) => sameCamera(other, of));
  const [size, setSize] = useState<[number, number]>();
  const url = camera?.snapshot?.url;
  if (camera && !url && live) {
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
