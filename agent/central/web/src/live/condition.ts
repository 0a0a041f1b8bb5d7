/** What a tile says over its picture: pure. Plain words, worst news first. */

import type { Camera } from "../api/types";
import type { Phase, Seen } from "./player";

export type Tone = "ok" | "warn" | "bad";

export type Trouble =
  | { kind: "connecting" }
  | { kind: "centre_lost" }
  | { kind: "gateway_offline"; since: string | null }
  | { kind: "camera_offline"; since: string | null; error: string }
  | { kind: "no_picture"; seconds: number }
  | { kind: "refused"; code: string; message: string }
  | { kind: "unplayable"; mime: string };

/** A gap shorter than this is not worth a word. */
const SILENCE_S = 2.5;
/** Keyframes alone may be as far apart as the camera makes them. */
const SILENCE_KEYS_S = 20;

/** The trouble to show, or nothing when the picture moves. */
export function troubleOf(camera: Camera, seen: Seen | undefined, linkUp: boolean): Trouble | undefined {
  const moving = seen?.silent !== undefined && seen.silent < (seen.sent?.keys ? SILENCE_KEYS_S : SILENCE_S);
  if (moving) return undefined; // a picture that moves is the truth, whatever a status says that lags behind
  if (seen?.phase.name === "unplayable") return { kind: "unplayable", mime: seen.phase.mime };
  if (!linkUp) return { kind: "centre_lost" };
  if (!camera.gateway_online) return { kind: "gateway_offline", since: camera.since };
  if (!camera.online) return { kind: "camera_offline", since: camera.since, error: camera.error };
  return seen ? pictureTrouble(seen.phase, seen.silent) : { kind: "connecting" };
}

function pictureTrouble(phase: Phase, silent: number | undefined): Trouble {
  if (phase.name === "refused") return { kind: "refused", code: phase.code, message: phase.message };
  return silent === undefined ? { kind: "connecting" } : { kind: "no_picture", seconds: Math.floor(silent) };
}

export function toneOf(camera: Camera, trouble: Trouble | undefined): Tone {
  if (!camera.online && trouble) return "bad";
  return trouble && trouble.kind !== "connecting" ? "warn" : "ok";
}
