/** Who is signed in. */

import * as api from "./api/client";
import { giveReason as sendReason } from "./api/people";
import type { Me } from "./api/types";
import { cell } from "./cell";

export type Session =
  | { state: "asking" }
  | { state: "unreachable" }
  | { state: "out"; firstStart: boolean; ended: boolean }
  | { state: "in"; me: Me };

export const session = cell<Session>({ state: "asking" });

export function enter(me: Me): void {
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
  session.set({ state: "out", firstStart: false, ended: false });
}

async function signedOut(): Promise<void> {
  const ended = session.value.state === "in";
  session.set({ state: "out", firstStart: false, ended });
  const health = await api.health().catch(() => undefined);
  if (health?.first_start && session.value.state === "out") session.set({ state: "out", firstStart: true, ended: false });
}

api.whenSignedOut(() => void signedOut());
