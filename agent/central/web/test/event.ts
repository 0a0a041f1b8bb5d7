import type { LamppostEvent } from "../src/api/types";

/** An event with only what a test says about it. */
export function event(part: Partial<LamppostEvent> & { id: string }): LamppostEvent {
  return {
    site: "demo", gateway: "gw-1", camera: "plaza", camera_name: "Plaza", kind: "zone_entered", phase: "end",
    time: "2026-11-20T12:00:00.000Z", start: "2026-11-20T12:00:00.000Z", end: "2026-11-20T12:00:04.000Z",
    label: "person", score: 0.9, box: [0.1, 0.2, 0.3, 0.6], rule: null, zone: "plaza", line: null, direction: null,
    count: null, severity: "info", tracks: [], attributes: {}, position: null, clock: { offset_ms: null, synced: null }, media: [],
    picture: null, clip: null, clips: [],
    review: { version: 0, acknowledged: null, assigned: null, severity: null, notes: [] }, received: "2026-11-20T12:00:01.000Z", ...part,
  };
}
