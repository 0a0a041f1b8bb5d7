/** Who is signed in. */

import * as api from "./api/client";
import { giveReason as sendReason } from "./api/people";
import type { Me } from "./api/types";
import { cell } from "./cell";

export type Session =
  | { state: "asking" }
  | { state: "unreachable" }
  | { state: "out"; firstStart: boolean; ended: boolean; directory: boolean }
  | { state: "in"; me: Me };

export const session = cell<Session>({ state: "asking" });

let last: string | undefined;

/** Who follows somebody else gets a fresh page: nothing of what the one before saw is left in it. */
export function enter(me: Me): void {
  if (last !== undefined && last !== me.name) return location.replace("/");
  last = me.name;
  session.set({ state: "in", me });
}

/** Tell why one looks; it holds until the session ends. */
export async function giveReason(reason: string): Promise<void> {
  enter(await sendReason(reason));
}

/** Ask the centre who we are: at start, and when a socket was refused without saying why. */
export async function askWho(): Promise<void> {
  try {
    enter(await api.me());
  } catch (error) {
    if (!(error instanceof api.ApiError)) throw error;
    if (error.code === "not_signed_in") return; // `whenSignedOut` has done the rest
    if (session.value.state !== "in") session.set({ state: "unreachable" });
  }
}

export async function leave(): Promise<void> {
  await api.signOut();
  await signedOut(true);
}

async function signedOut(leaving = false): Promise<void> {
  const ended = session.value.state === "in" && !leaving;
  session.set({ state: "out", firstStart: false, ended, directory: false });
  const health = await api.health().catch(() => undefined);
  if (!health || session.value.state !== "out") return;
  if (health.first_start || health.directory) session.set({ state: "out", firstStart: health.first_start, ended: ended && !health.first_start, directory: health.directory });
}

api.whenSignedOut(() => void signedOut());
