/** The way of a track over the picture of its camera: where it stood, from the first to the last moment. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Track } from "../api/types";
import { useCell } from "../cell";
import { cameras, sameCamera } from "../news";
import { text } from "../text";
import { Icon } from "../ui/icon";

export function Way({ track }: { track: Track }): JSX.Element {
  const camera = useCell(cameras)?.find((other) => sameCamera(other, track));
  const [size, setSize] = useState<[number, number]>();
  const url = camera?.snapshot?.url;
  const [width, height] = size ?? [16, 9];
  return (
    <div class={url ? "event-picture way" : "event-picture none way"}>
      {url ? (
        <img src={url} alt={text.track.wayOf(track.camera_name)} onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setSize([naturalWidth, naturalHeight])} />
      ) : (
        <>
          <Icon name="camera" size={22} />
          <span>{text.events.noSnapshot}</span>
        </>
      )}
      {(size || !url) && <Line track={track} width={width} height={height} />}
    </div>
  );
}

function Line({ track, width, height }: { track: Track; width: number; height: number }): JSX.Element | null {
  const feet = track.path.map(([, x1, , x2, y2]): [number, number] => [((x1 + x2) / 2) * width, Math.min(1, y2) * height]);
  const last = track.path.at(-1);
  const [first, end] = [feet[0], feet.at(-1)];
  if (!first || !end || !last) return null;
  const dot = width / 110;
  return (
    <svg class="overlay" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="xMidYMid meet" data-testid="way">
      <polyline class="way-under" points={feet.map((foot) => foot.join()).join(" ")} />
      <polyline class="way-line" points={feet.map((foot) => foot.join()).join(" ")} />
      <rect class="box" x={last[1] * width} y={last[2] * height} width={(last[3] - last[1]) * width} height={(last[4] - last[2]) * height} />
      <circle class="way-first" cx={first[0]} cy={first[1]} r={dot} />
      <circle class="way-last" cx={end[0]} cy={end[1]} r={dot} />
    </svg>
  );
}
