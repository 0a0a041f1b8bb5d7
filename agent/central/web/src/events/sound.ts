/** A sound for each new alarm, when the person wants one: two short tones, made here. */

import type { LamppostEvent } from "../api/types";
import { cell } from "../cell";
import { clockAhead, onEvent } from "../news";

const KEY = "lamppost.sound";
/** One that comes later than that (an outbox that was full) is no news for the ear. */
const FRESH_MS = 60_000;
/** A burst is one sound. */
const APART_MS = 2_500;

export const sound = cell<boolean>(localStorage.getItem(KEY) === "on");

let context: AudioContext | undefined;

/** From a press: browsers let nothing be heard before one. */
export function setSound(on: boolean): void {
  localStorage.setItem(KEY, on ? "on" : "off");
  sound.set(on);
  if (on) ring();
}

/** Is it a new alarm, for somebody who heard of `heard` already? */
export const isNews = (event: LamppostEvent, heard: ReadonlySet<string>, nowMs: number): boolean =>
  event.severity === "alarm" && !event.review.acknowledged && !heard.has(event.id) && nowMs - Date.parse(event.start) < FRESH_MS;

/** Ring for new alarms until the returned function is called. */
export function ringForAlarms(): () => void {
  const heard = new Set<string>();
  let lastMs = 0;
  return onEvent((event) => {
    const nowMs = Date.now() + clockAhead.value;
    if (!isNews(event, heard, nowMs)) return;
    heard.add(event.id);
    if (heard.size > 1000) heard.delete(heard.values().next().value!);
    if (!sound.value || nowMs - lastMs < APART_MS) return;
    lastMs = nowMs;
    ring();
  });
}

function ring(): void {
  context ??= new AudioContext();
  void context.resume();
  for (const [pitch, at] of [[880, 0], [1175, 0.16]] as const) {
    const tone = context.createOscillator();
    const loudness = context.createGain();
    const start = context.currentTime + at;
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0, start);
    loudness.gain.linearRampToValueAtTime(0.2, start + 0.01);
    loudness.gain.exponentialRampToValueAtTime(0.001, start + 0.4);
    tone.connect(loudness).connect(context.destination);
    tone.start(start);
    tone.stop(start + 0.45);
  }
}
