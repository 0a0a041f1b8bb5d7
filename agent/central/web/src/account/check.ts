/** What is wrong with a new account or password before the centre is asked: pure. */

import { text } from "../text";

const SHORTEST = 10;

export function problemOf(name: string, password: string, repeat: string): string | undefined {
  return name.trim() ? passwordProblem(password, repeat) : text.first.noName;
}

export function passwordProblem(password: string, repeat: string): string | undefined {
  if (password.length < SHORTEST) return text.first.short;
  return password === repeat ? undefined : text.first.different;
}
