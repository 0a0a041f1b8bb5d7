/** What a webhook was told and is to be told: how each went, and the failed ones once more. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api/webhooks";
import { Problem, useDeed } from "../people/deed";
import { Link } from "../router";
import { failureLine, text } from "../text";
import { Moment, momentText } from "../time/time";

const LOOK_AGAIN_MS = 2_500;
const STATES = ["", "waiting", "delivered", "failed"] as const;
const TONES = { waiting: "warn", delivered: "ok", failed: "bad" } as const;

/** `turn` counts what was done here: each looks anew. */
export function Deliveries({ hook, turn }: { hook: string; turn: number }): JSX.Element {
  const words = text.webhooks;
  const [state, setState] = useState<api.DeliveryState | "">("");
  const list = useDeliveries(hook, state, turn);
  const deed = useDeed();
  const again = (one: api.Delivery) => void deed.run(() => api.deliverAgain(hook, one.id)).then(list.again);
  return (
    <section class="deliveries" aria-label={words.deliveries} data-testid="deliveries">
      <div class="row-of">
        <h3>{words.deliveries}</h3>
        <div class="segmented" role="group" aria-label={words.deliveries}>
          {STATES.map((one) => (
            <button key={one} type="button" aria-pressed={state === one} onClick={() => setState(one)}>
              {one ? words.states[one] : words.anyState}
            </button>
          ))}
        </div>
      </div>
      <p class="sub">{words.deliveriesMore}</p>
      {list.items?.length === 0 && <p class="sub">{words.noDeliveries}</p>}
      <ul class="lines">
        {list.items?.map((one) => (
          <li key={one.id} data-testid="delivery" data-state={one.state}>
            <span class={`tag ${TONES[one.state]}`}>{words.states[one.state]}</span>
            <span class="grow">
              {one.event ? <Link href={`/events/${encodeURIComponent(one.event)}`}>{kindOf(one)}</Link> : <span>{kindOf(one)}</span>}
              <small>{howItWent(one).join(" · ")}</small>
            </span>
            <Moment at={one.created} />
            {one.state === "failed" && (
              <button type="button" class="button" disabled={deed.busy} onClick={() => again(one)} data-testid="deliver-again">
                {words.again}
              </button>
            )}
          </li>
        ))}
      </ul>
      {list.next && (
        <button type="button" class="button" onClick={list.more}>
          {words.more}
        </button>
      )}
      {(deed.error ?? list.error) && <Problem>{deed.error ?? list.error}</Problem>}
    </section>
  );
}

const kindOf = (one: api.Delivery) => text.webhooks.types[one.type] ?? one.type;

function howItWent(one: api.Delivery): string[] {
  const words = text.webhooks;
  return [
    one.attempts > 0 && words.tries(one.attempts),
    one.status !== null && words.answer(one.status),
    one.error,
    one.state === "waiting" && one.attempts > 0 && one.next && words.next(momentText(one.next)),
  ].filter((part): part is string => !!part);
}

interface List {
  items?: api.Delivery[];
  next: string | null;
  error?: string;
}

/** The first page, looked at again while something is on its way; older ones are put after it. */
function useDeliveries(hook: string, state: api.DeliveryState | "", turn: number): List & { again: () => void; more: () => void } {
  const [list, set] = useState<List>({ next: null });
  const asked = useRef<unknown>(undefined);
  const load = (cursor?: string) => {
    const mine = (asked.current = {});
    const current = <T,>(then: (value: T) => void) => (value: T) => void (asked.current === mine && then(value));
    const came = current<Awaited<ReturnType<typeof api.deliveries>>>((page) => set((old) => ({ items: cursor ? [...(old.items ?? []), ...page.items] : page.items, next: page.next })));
    const failed = current((failure: unknown) => set((old) => ({ ...old, next: cursor ?? old.next, error: failureLine(failure) })));
    return api.deliveries(hook, state, cursor).then(came, failed);
  };
  useEffect(() => {
    set({ next: null });
    void load();
  }, [hook, state]);
  useEffect(() => void (turn > 0 && load()), [turn]);
  const moving = list.items !== undefined && list.items.length <= api.PAGE && list.items.some((one) => one.state === "waiting");
  useEffect(() => {
    if (!moving) return undefined;
    const timer = setInterval(() => document.hidden || void load(), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [moving, hook, state]);
  const more = () => {
    set((old) => ({ ...old, next: null })); // not twice
    void load(list.next ?? undefined);
  };
  return { ...list, again: () => void load(), more };
}
