/** A sound for each new alarm, when the person wants one: two short tones, made here. */

import type { Incident, LamppostEvent } from "../api/types";
import { cell } from "../cell";
import { centreNow, onEvent, onIncident } from "../news";

const KEY = "lamppost.sound";
/** One that comes later than that (an outbox that was full) is no news for the ear. */
const FRESH_MS = 60_000;
/** A burst is one sound. */
const APART_MS = 2_500;
const SETTLED_MS = 300;

export const sound = cell<boolean>(localStorage.getItem(KEY) === "on");

/** Wanted, but the browser lets nothing be heard: nobody has pressed anything since the page was loaded. */
export const blocked = cell(false);

let context: AudioContext | undefined;

/** From a press: browsers let nothing be heard before one. */
export function setSound(on: boolean): void {
  localStorage.setItem(KEY, on ? "on" : "off");
  sound.set(on);
  if (on) ring();
  else blocked.set(false);
}

/** From a press, too: what is wanted can be heard from now on. */
export const allowSound = () => setSound(true);

/** The one that all sounds go through; it tells by itself when it may be heard. */
function opened(): AudioContext {
  if (context) return context;
  const made = new AudioContext();
  made.addEventListener("statechange", () => look(made));
  context = made;
  return made;
}

const look = ({ state }: AudioContext) => blocked.set(sound.value && state !== "running");

/** Ask the browser early, so that whoever relies on the sound learns of it before the alarm. */
function prepare(): () => void {
  if (!sound.value) return () => undefined;
  const made = opened();
  // it starts by itself where it may, a moment later; any press on the page allows it
  const timer = setTimeout(() => look(made), SETTLED_MS);
  const pressed = () => void made.resume();
  const heard = ["click", "keydown"] as const;
  for (const name of heard) window.addEventListener(name, pressed, { once: true });
  return () => {
    clearTimeout(timer);
    for (const name of heard) window.removeEventListener(name, pressed);
  };
}

/** Is it a new alarm, for somebody who heard of `heard` already? */
export const isNews = (event: LamppostEvent, heard: ReadonlySet<string>, nowMs: number): boolean =>
  event.severity === "alarm" && !event.review.acknowledged && !heard.has(event.id) && nowMs - Date.parse(event.start) < FRESH_MS;

/** Is it a new incident to be alarmed by? By when it was told: a dispatcher tells of a call minutes later. */
export const isNewIncident = (incident: Incident, heard: ReadonlySet<string>, nowMs: number): boolean =>
  incident.severity === "alarm" && incident.state === "open" && !heard.has(incident.id) && nowMs - Date.parse(incident.made_at) < FRESH_MS;

/** Ring for new alarms, of cameras and incidents, until the returned function is called. */
export function ringForAlarms(): () => void {
  const heard = new Set<string>();
  let lastMs = 0;
  const prepared = prepare();
  const hear = (id: string) => {
    heard.add(id);
    if (heard.size > 1000) heard.delete(heard.values().next().value!);
    const nowMs = centreNow();
    if (!sound.value || nowMs - lastMs < APART_MS) return;
    lastMs = nowMs;
    ring();
  };
  const stops = [
    onEvent((event) => isNews(event, heard, centreNow()) && hear(event.id)),
    onIncident((incident) => isNewIncident(incident, heard, centreNow()) && hear(incident.id)),
  ];
  return () => {
    prepared();
    for (const stop of stops) stop();
  };
}

function ring(): void {
  const context = opened();
  void context.resume();
  look(context);
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
