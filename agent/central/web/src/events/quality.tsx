/** Which clip an event has: the small one that comes first, or the one as it was recorded. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Clip, Gateway, LamppostEvent } from "../api/types";
import { useCell } from "../cell";
import { gateways } from "../news";
import { text } from "../text";
import { bytes } from "../time/format";
import { Icon } from "../ui/icon";
import { type Following, useClip } from "./clip";
import { useMayFetch, useRecoding } from "./fetching";

export interface Clips {
  /** the best there is, or the first that is awaited */
  shown: Following;
  /** the full one, while it is awaited beside a small one that can be played */
  coming: Following | undefined;
  /** ask for the full one; undefined when it is there or on its way */
  askFull: (() => void) | undefined;
  /** is it coded anew, because the browser does not play what the camera records? */
  recoded: boolean;
  /** the browser made nothing of what is shown */
  unplayable: () => void;
}

const isAlive = ({ state }: Clip) => state !== "failed" && state !== "cancelled";

/** The clip that the uplink bears and the browser plays at once, and the full one when somebody asks for it. */
export function useClips(event: LamppostEvent): Clips {
  const may = useMayFetch();
  const { recoded, turnedOut } = useRecoding(event);
  const [before] = useState(() => event.clips.some((clip) => clip.quality === "full" && isAlive(clip)));
  const [byHand, want] = useState<boolean>();
  const wanted = byHand ?? (before && recoded === false);
  const small = event.clips.find((clip) => clip.quality === "proxy" && isAlive(clip)) ?? null;
  const first = useClip(
    recoded
      ? { ...event, key: `${event.id} proxy`, clip: small, ask: () => api.requestClip(event.id, "proxy") }
      : { ...event, key: recoded === undefined ? "" : event.id, ask: () => api.requestClip(event.id) },
  );
  const full = useClip({ ...event, key: may && wanted ? `${event.id} full` : "", clip: null, ask: () => api.requestClip(event.id, "full") });
  useEffect(() => {
    if (full.off) want(false);
  }, [full.off]);
  const isSmall = first.state.name === "ready" && first.state.clip.quality === "proxy";
  // who asked for the full one by hand is told that it cannot be played here, and can download it
  const clips = { recoded: recoded === true, unplayable: byHand ? () => undefined : turnedOut };
  if (!isSmall) return { ...clips, shown: first, coming: undefined, askFull: undefined };
  if (wanted && full.state.name === "ready") return { ...clips, shown: full, coming: undefined, askFull: undefined };
  return { ...clips, shown: first, coming: wanted && may ? full : undefined, askFull: wanted || !may ? undefined : () => want(true) };
}

/** What is played now, and the way to more. */
export function Quality({ clip, askFull, recoded }: { clip: Clip; askFull: (() => void) | undefined; recoded: boolean }): JSX.Element {
  const quality = clip.quality === "proxy" ? "proxy" : "full";
  const anew = recoded && quality === "proxy";
  return (
    <span class="quality" data-testid="clip-quality" data-quality={quality}>
      <span class={quality === "proxy" ? "tag warn" : "tag"} title={anew ? text.clip.recodedMore : text.clip.qualityMore[quality]}>
        {anew ? text.clip.recoded : text.clip.quality[quality]}
      </span>
      {clip.bytes !== null && <span class="sub numbers">{bytes(clip.bytes)}</span>}
      {askFull && (
        <button type="button" class="button" onClick={askFull} data-testid="clip-full">
          <Icon name="download" size={16} />
          {text.clip.askFull}
        </button>
      )}
    </span>
  );
}

/** Why the gateway does not send what was asked for: its budget, in its own words. */
export function useHeld({ site, gateway }: { site: string; gateway: string }): string | undefined {
  const found = useCell(gateways)?.find((other) => other.site === site && other.gateway === gateway);
  return heldAt(found);
}

export const heldAt = (gateway: Gateway | undefined): string | undefined =>
  gateway?.health?.uplink?.waiting.find(({ kind }) => kind === "asked")?.reason || undefined;
