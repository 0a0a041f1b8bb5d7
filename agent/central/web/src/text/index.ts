/** The words in the viewer's language (English until there is a second), and the few that are looked up by name. */

import { ApiError, UNREACHABLE } from "../api/client";
import { en, type Text } from "./en";

export const text: Text = en;

const plain = (name: string) => {
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
};

export const kindName = (kind: string) => text.kinds[kind] ?? plain(kind);
export const labelName = (label: string) => text.labels[label] ?? plain(label);
export const colourName = (name: string) => text.colours[name] ?? name;

/** One line for a person: the centre's own sentence where it has one. */
export function failureLine(error: unknown): string {
  if (!(error instanceof ApiError)) return text.failure.other("");
  if (error.code === UNREACHABLE) return text.failure.unreachable;
  if (error.code === "forbidden") return text.failure.forbidden;
  if (error.code === "reason_needed") return text.failure.reason_needed;
  if (error.code === "internal") return text.failure.internal;
  return text.failure.other(error.message);
}
