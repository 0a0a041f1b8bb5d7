/** What analysis sees now, and the camera's zones and lines, drawn over a live picture. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Camera } from "../api/types";
import { labelName } from "../text";
import { marksAt, namesOf, type Sight } from "./trail";

/** Written by the player, read at each drawing. */
export interface BoxFeed {
  trail: readonly Sight[];
  shownMs: () => number | undefined;
}

interface Props {
  camera: Camera;
  feed: BoxFeed;
  boxes: boolean;
  zones: boolean;
}

export function LiveBoxes({ camera, feed, boxes, zones }: Props): JSX.Element {
  const [, draw] = useState(0);
  useEffect(() => {
    if (!boxes) return undefined;
    const timer = setInterval(() => draw((count) => count + 1), 100);
    return () => clearInterval(timer);
  }, [boxes]);
  const stream = camera.streams[0];
  const [width, height] = [stream?.width ?? 16, stream?.height ?? 9];
  return (
    <svg class="overlay" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="xMidYMid meet" aria-hidden="true">
      {zones && camera.shapes.map((shape) => <Shape key={shape.name} shape={shape} width={width} height={height} />)}
      {boxes && <Marks feed={feed} width={width} height={height} />}
    </svg>
  );
}

interface Scale {
  width: number;
  height: number;
}

function Marks({ feed, width, height }: Scale & { feed: BoxFeed }): JSX.Element {
  const found = marksAt(feed.trail, feed.shownMs()).map((mark) => ({ ...mark, name: labelName(mark.label) }));
  const size = height / 34;
  const names = namesOf(found, size, width, height);
  return (
    <>
      {found.map(({ track, name, strength, box: [x1, y1, x2, y2] }, index) => {
        const at = names[index];
        return (
          <g key={track} opacity={strength}>
            <rect class="box" x={x1 * width} y={y1 * height} width={(x2 - x1) * width} height={(y2 - y1) * height} />
            {at && (
              <text class="box-name" x={at.x} y={at.y} font-size={size}>
                {name}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}

function Shape({ shape, width, height }: Scale & { shape: Camera["shapes"][number] }): JSX.Element {
  const points = shape.points.map(([x, y]) => `${x * width},${y * height}`).join(" ");
  const [x, y] = shape.points[0] ?? [0, 0];
  const size = height / 36;
  return (
    <g>
      {shape.kind === "zone" ? <polygon class="zone" points={points} /> : <polyline class="zone open" points={points} />}
      <text class="zone-name" x={x * width + size * 0.4} y={y * height + size * 1.2} font-size={size}>
        {shape.name}
      </text>
    </g>
  );
}
