/** "This belongs here": turns what an event tells of into background. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as api from "../api/client";
import type { LamppostEvent } from "../api/types";
import { useCell } from "../cell";
import { session } from "../session";
import { failureLine, text } from "../text";
import { Icon } from "../ui/icon";
import { absorbedBy, mayBelong } from "./lying";

type State = { name: "idle" | "asking" | "done" } | { name: "failed"; reason: string };

export function Belongs({ event }: { event: LamppostEvent }): JSX.Element | null {
  const who = useCell(session);
  const [state, set] = useState<State>({ name: "idle" });
  const by = absorbedBy(event);
  if (by) return <p class="sub">{text.event.belongsBy(by)}</p>;
  if (who.state !== "in" || !mayBelong(event, who.me.role)) return null;
  const press = () => {
    set({ name: "asking" });
    api.belongs(event.id).then(
      () => set({ name: "done" }), // the stream brings the event's end
      (error: unknown) => set({ name: "failed", reason: failureLine(error) }),
    );
  };
  return (
    <>
      <button type="button" class="button" disabled={state.name === "asking" || state.name === "done"} onClick={press} title={text.event.belongsMore} data-testid="belongs">
        <Icon name="check" size={16} />
        {text.event.belongs}
      </button>
      {state.name === "failed" && <p role="alert">{state.reason}</p>}
    </>
  );
}
