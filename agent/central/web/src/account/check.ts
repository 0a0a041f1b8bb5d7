/** What is wrong with a new account before the centre is asked: pure. */

import { text } from "../text";

const SHORTEST = 10;

export function problemOf(name: string, password: string, repeat: string): string | undefined {
  if (!name.trim()) return text.first.noName;
  if (password.length < SHORTEST) return text.first.short;
  return password === repeat ? undefined : text.first.different;
}
