/** What analysis sees now, and the camera's zones and lines, drawn over a live picture. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Camera, LiveBox } from "../api/types";
import { labelName } from "../text";

/** Written by the player, read at each drawing. */
export interface BoxFeed {
  now: { wallMs: number; boxes: readonly LiveBox[] } | undefined;
  shownMs: () => number | undefined;
}

/** Boxes older than the picture by more than this would stand beside their objects. */
const OLDEST_MS = 1_200;

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
      {boxes && current(feed).map((found) => <LiveBoxMark key={found.track} found={found} width={width} height={height} />)}
    </svg>
  );
}

function current(feed: BoxFeed): readonly LiveBox[] {
  const { now } = feed;
  const shown = feed.shownMs();
  return now && (shown === undefined || shown - now.wallMs < OLDEST_MS) ? now.boxes : [];
}

interface Scale {
  width: number;
  height: number;
}

function LiveBoxMark({ found, width, height }: Scale & { found: LiveBox }): JSX.Element {
  const [x1, y1, x2, y2] = found.box;
  const size = height / 34;
  return (
    <g>
      <rect class="box" x={x1 * width} y={y1 * height} width={(x2 - x1) * width} height={(y2 - y1) * height} />
      <text class="box-name" x={x1 * width} y={Math.max(size, y1 * height - size * 0.35)} font-size={size}>
        {labelName(found.label)}
      </text>
    </g>
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
