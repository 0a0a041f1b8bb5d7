/** Making something of events: busy meanwhile, with one line when it did not go as wanted. */

import { useState } from "preact/hooks";
import * as api from "../api/client";
import type { LamppostEvent, Me, ReviewChange, Reviewed } from "../api/types";
import { tellEvents } from "../news";
import { failureLine, text } from "../text";

const MAY: ReadonlySet<Me["role"]> = new Set(["operator", "investigator", "admin"]);

/** May somebody of this role see to events? */
export const mayReview = (role: Me["role"]): boolean => MAY.has(role);

/** The API takes so many at once. */
const AT_ONCE = 200;

export interface Deeds {
  busy: boolean;
  said: string;
  make: (events: readonly LamppostEvent[], change: ReviewChange) => Promise<boolean>;
}

export function useDeeds(): Deeds {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const make = async (events: readonly LamppostEvent[], change: ReviewChange): Promise<boolean> => {
    if (events.length === 0) return false;
    setBusy(true);
    try {
      const answers: Reviewed[] = [];
      for (let first = 0; first < events.length; first += AT_ONCE) answers.push(await api.review(events.slice(first, first + AT_ONCE), change));
      tellEvents(answers.flatMap(({ items }) => items)); // the stream says so, too, a moment later
      setSaid(lineOf(answers));
      return true;
    } catch (error) {
      setSaid(failureLine(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, said, make };
}

/** What did not go as wanted, in one line; empty when all did. */
export function lineOf(answers: readonly Pick<Reviewed, "changed_before" | "full" | "missing">[]): string {
  const count = (name: "changed_before" | "full" | "missing") => answers.reduce((sum, answer) => sum + answer[name].length, 0);
  if (count("changed_before") > 0) return text.review.faster(count("changed_before"));
  if (count("full") > 0) return text.review.full;
  return count("missing") > 0 ? text.review.missing : "";
}
