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

export interface Clips {
  /** the best there is, or the first that is awaited */
  shown: Following;
  /** the full one, while it is awaited beside a small one that can be played */
  coming: Following | undefined;
  /** ask for the full one; undefined when it is there or on its way */
  askFull: (() => void) | undefined;
}

/** The clip that the uplink bears at once, and the full one when somebody asks for it. */
export function useClips(event: LamppostEvent): Clips {
  const [wanted, want] = useState(() => event.clips.some(({ quality, state }) => quality === "full" && state !== "failed" && state !== "cancelled"));
  const first = useClip({ ...event, key: event.id, ask: () => api.requestClip(event.id) });
  const full = useClip({ ...event, key: wanted ? `${event.id} full` : "", clip: null, ask: () => api.requestClip(event.id, "full") });
  useEffect(() => {
    if (full.off) want(false);
  }, [full.off]);
  const isSmall = first.state.name === "ready" && first.state.clip.quality === "proxy";
  if (!isSmall) return { shown: first, coming: undefined, askFull: undefined };
  if (wanted && full.state.name === "ready") return { shown: full, coming: undefined, askFull: undefined };
  return { shown: first, coming: wanted ? full : undefined, askFull: wanted ? undefined : () => want(true) };
}

/** What is played now, and the way to more. */
export function Quality({ clip, askFull }: { clip: Clip; askFull: (() => void) | undefined }): JSX.Element {
  return (
    <span class="quality" data-testid="clip-quality" data-quality={clip.quality}>
      <span class={clip.quality === "proxy" ? "tag warn" : "tag"} title={text.clip.qualityMore[clip.quality]}>
        {text.clip.quality[clip.quality]}
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
