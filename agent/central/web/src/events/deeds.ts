/** Making something of events: busy meanwhile, with what did not go as wanted, and why. */

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

/** Events with which one thing happened that was not wanted. */
export interface Refusal {
  why: string;
  events: readonly LamppostEvent[];
}

export interface Deeds {
  busy: boolean;
  said: readonly Refusal[];
  /** those with which nothing was done */
  make: (events: readonly LamppostEvent[], change: ReviewChange) => Promise<readonly LamppostEvent[]>;
}

export function useDeeds(): Deeds {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<readonly Refusal[]>([]);
  const make = async (events: readonly LamppostEvent[], change: ReviewChange): Promise<readonly LamppostEvent[]> => {
    if (events.length === 0) return [];
    setBusy(true);
    const refusals: Refusal[] = [];
    let asked = 0;
    try {
      while (asked < events.length) {
        const some = events.slice(asked, asked + AT_ONCE);
        const answer = await api.review(some, change);
        asked += some.length;
        tellEvents(answer.items); // the stream says so, too, a moment later
        refusals.push(...refusalsOf(some, answer));
      }
    } catch (error) {
      refusals.push({ why: failureLine(error), events: events.slice(asked) });
    }
    setBusy(false);
    setSaid(together(refusals));
    return refusals.flatMap((one) => one.events);
  };
  return { busy, said, make };
}

/** What did not go as wanted, by its reason. */
export function refusalsOf(asked: readonly LamppostEvent[], answer: Pick<Reviewed, "changed_before" | "full" | "missing">): Refusal[] {
  const reasons = [["changed_before", text.review.faster], ["full", text.review.full], ["missing", text.review.missing]] as const;
  return reasons.flatMap(([name, why]) => {
    const events = asked.filter(({ id }) => answer[name].includes(id));
    return events.length > 0 ? [{ why, events }] : [];
  });
}

/** One for each reason. */
export function together(refusals: readonly Refusal[]): Refusal[] {
  const found = new Map<string, LamppostEvent[]>();
  for (const { why, events } of refusals) found.set(why, [...(found.get(why) ?? []), ...events]);
  return [...found].map(([why, events]) => ({ why, events }));
}
