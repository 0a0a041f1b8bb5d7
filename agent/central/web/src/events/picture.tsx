/** The snapshot of an event with its box over it. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { LamppostEvent } from "../api/types";
import { text } from "../text";
import { Icon } from "../ui/icon";
import { eventTitle } from "./words";

interface Props {
  event: LamppostEvent;
  /** the large one is worth loading at once */
  eager?: boolean;
  box?: boolean;
}

export function EventPicture({ event, eager = false, box = true }: Props): JSX.Element {
  const [shown, setShown] = useState<"yes" | "no" | "broken">("no");
  if (!event.picture || shown === "broken") {
    return (
      <div class="event-picture none">
        <Icon name="camera" size={22} />
        <span>{whyNone(event)}</span>
      </div>
    );
  }
  const shot = event.media.find(({ url }) => url === event.picture);
  const [width, height] = [shot?.width ?? 16, shot?.height ?? 9];
  return (
    <div class={shown === "yes" ? "event-picture" : "event-picture loading"}>
      <img
        key={event.picture}
        fetchpriority={eager ? "auto" : "low"} // before `src`, which begins the fetch
        src={event.picture}
        alt={text.events.pictureOf(eventTitle(event), event.camera_name)}
        loading={eager ? "eager" : "lazy"}
        decoding="async"
        onLoad={() => setShown("yes")}
        onError={() => setShown("broken")}
      />
      {box && event.box && shown === "yes" && <BoxOver box={event.box} width={width} height={height} />}
    </div>
  );
}

/** A picture that waits at the gateway, or that will never come, is another thing than none at all. */
function whyNone({ media }: LamppostEvent): string {
  const shots = media.filter(({ kind }) => kind === "snapshot");
  const gone = shots.find(({ state }) => state === "gone");
  if (shots.some(({ state }) => state === "edge")) return text.events.snapshotWaits;
  return gone ? text.events.snapshotGone(gone.reason) : text.events.noSnapshot;
}

interface BoxProps {
  box: readonly [number, number, number, number];
  width: number;
  height: number;
  strength?: number;
}

/** Scales as the picture below it does (object-fit: contain), so that it stays on its object at any size. */
export function BoxOver({ box: [x1, y1, x2, y2], width, height, strength = 1 }: BoxProps): JSX.Element {
  return (
    <svg class="overlay" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="xMidYMid meet" aria-hidden="true">
      <rect class="box-under" x={x1 * width} y={y1 * height} width={(x2 - x1) * width} height={(y2 - y1) * height} opacity={strength} />
      <rect class="box" x={x1 * width} y={y1 * height} width={(x2 - x1) * width} height={(y2 - y1) * height} opacity={strength} />
    </svg>
  );
}
