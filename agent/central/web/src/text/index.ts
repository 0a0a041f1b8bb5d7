/** The words in the viewer's language, and the few that are looked up by name. */

import { ApiError, UNREACHABLE } from "../api/client";
import { en, type Text } from "./en";
import { language, locale } from "./language";
import { sayIn } from "./say";

const say = sayIn(locale);
/** `1,234.5` or `1.234,5`. */
export const number = say.number;

/**
 * English comes with the viewer, another language only to who speaks it; better English than nothing when it does not come. Whoever imports this waits for it: catalogues
 * import nothing but types, or they would wait for themselves.
 */
export const text: Text = language === "es" ? await import("./es").then(({ es }) => es(say), () => en(say)) : en(say);

if (globalThis.document) document.documentElement.lang = locale;

const plain = (name: string) => {
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
};

export const kindName = (kind: string) => text.kinds[kind] ?? plain(kind);
/** What happened, by an incident's own word for it. */
export const incidentName = (kind: string) => text.incidents.kinds[kind] ?? plain(kind);
export const labelName = (label: string) => text.labels[label] ?? plain(label);
/** Over a line, in the picture or by the compass. */
export const directionName = (name: string) => text.editor.directions[name] ?? text.search.directions[name] ?? name;
export const colourName = (name: string) => text.colours[name] ?? name;

/** One line for a person: ours for what the code says, else the centre's own sentence. */
export function failureLine(error: unknown): string {
  if (!(error instanceof ApiError)) return text.failure.other("");
  if (error.code === UNREACHABLE) return text.failure.unreachable;
  if (error.code === "reason_needed") return text.failure.reason_needed;
  return text.failure.codes[error.code]?.(error.message) ?? text.failure.other(error.message);
}
