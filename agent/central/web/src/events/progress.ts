/** How far a clip is, for the person who waits: pure. */

import type { Clip } from "../api/types";

export type ClipState =
  | { name: "waiting" }
  | { name: "requested" }
  | { name: "sending"; percent: number }
  | { name: "ready"; clip: Clip; url: string }
  | { name: "failed"; reason: string }
  /** who asks may not have footage fetched: asking again would not help */
  | { name: "refused" };

/** The event's last seconds must be on the gateway's disk before they can be cut. */
const POST_ROLL_MS = 6_000;

/** What the clip's record means for the person who waits. */
export function clipState(clip: Clip): ClipState {
  if (clip.state === "ready" && clip.url) return { name: "ready", clip, url: clip.url };
  if (clip.state === "failed" || clip.state === "cancelled") return { name: "failed", reason: clip.error };
  const { received, of } = clip.progress;
  if (clip.state === "sending" || received > 0) {
    return { name: "sending", percent: of > 0 ? Math.min(99, Math.floor((100 * received) / of)) : 0 };
  }
  return { name: "requested" };
}

/** As it is for who called it off: it goes on coming for others who asked for it, too. */
export const calledOff = (clip: Clip): Clip => (clip.state === "ready" ? clip : { ...clip, state: "cancelled", error: clip.error || "called off" });

/** How long to wait before a clip of a fresh event is worth asking for, milliseconds. */
export const waitBeforeAsking = (event: { start: string; end: string | null }, nowMs: number): number =>
  Math.max(0, Math.min(POST_ROLL_MS, Date.parse(event.end ?? event.start) + POST_ROLL_MS - nowMs));
