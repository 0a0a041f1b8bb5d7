/** The way of a track over the picture of its camera: where it stood, from the first to the last moment. */

import type { JSX } from "preact";
import type { Track } from "../api/types";
import { text } from "../text";
import { Still } from "./still";

export const Way = ({ track }: { track: Track }): JSX.Element => (
  <Still of={track} alt={text.track.wayOf(track.camera_name)} look="way">
    {(width, height) => <Line track={track} width={width} height={height} />}
  </Still>
);

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
