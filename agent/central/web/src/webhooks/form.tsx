/** A webhook to make, or to change: where it goes, and of which events it tells. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { PHASES, type WebhookWish } from "../api/webhooks";
import { toggled } from "../events/filter";
import { PlaceChooser } from "../people/chooser";
import { Problem } from "../people/deed";
import { kindName, text } from "../text";
import { Picker } from "../ui/picker";

interface Props {
  start: WebhookWish;
  fresh: boolean;
  busy: boolean;
  error: string | undefined;
  onSubmit: (wish: WebhookWish) => void;
  onCancel: () => void;
}

/** None chosen is any. */
const orAny = <T extends string>(chosen: readonly T[]): T[] | null => (chosen.length > 0 ? [...chosen] : null);

export function WebhookForm({ start, fresh, busy, error, onSubmit, onCancel }: Props): JSX.Element {
  const words = text.webhooks;
  const [wish, set] = useState<WebhookWish>({ name: start.name, url: start.url, kinds: start.kinds, severity: start.severity, phases: start.phases, places: start.places });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onSubmit({ ...wish, name: wish.name.trim(), url: wish.url.trim(), places: wish.places?.length ? wish.places : null });
  };
  return (
    <form class="person-form" onSubmit={submit} data-testid="webhook-form">
      <div class="two-fields">
        <label class="field">
          <span>{words.name}</span>
          <input name="name" required maxLength={100} value={wish.name} autoFocus={fresh} autocomplete="off" onInput={(event) => set({ ...wish, name: event.currentTarget.value })} />
        </label>
        <label class="field">
          <span>{words.url}</span>
          <input name="url" type="url" required maxLength={2000} value={wish.url} placeholder="https://" autocomplete="off" spellcheck={false} onInput={(event) => set({ ...wish, url: event.currentTarget.value })} />
        </label>
      </div>
      <fieldset>
        <legend>{words.what}</legend>
        <div class="row-of">
          <Picker
            name={words.kind}
            any={words.anyKind}
            options={Object.keys(text.kinds).map((kind) => ({ value: kind, name: kindName(kind) }))}
            chosen={wish.kinds ?? []}
            onToggle={(kind) => set({ ...wish, kinds: orAny(toggled(wish.kinds ?? [], kind)) })}
            testid="webhook-kinds"
          />
          <select class="button select" aria-label={words.severity} value={wish.severity ?? ""} onChange={(event) => set({ ...wish, severity: (event.currentTarget.value || null) as WebhookWish["severity"] })} data-testid="webhook-severity">
            <option value="">{words.anySeverity}</option>
            <option value="alarm">{words.severities.alarm}</option>
            <option value="info">{words.severities.info}</option>
          </select>
          <Picker
            name={words.phases}
            any={words.anyPhase}
            options={PHASES.map((phase) => ({ value: phase, name: words.phaseNames[phase] }))}
            chosen={wish.phases ?? []}
            onToggle={(phase) => set({ ...wish, phases: orAny(PHASES.filter((one) => toggled(wish.phases ?? [], phase).includes(one))) })}
          />
        </div>
      </fieldset>
      <PlaceChooser legend={words.from} places={wish.places} mayAll onChange={(places) => set({ ...wish, places })} />
      {error && <Problem>{error}</Problem>}
      <div class="row-of">
        <button type="submit" class="button primary" disabled={busy} data-testid="webhook-submit">
          {fresh ? words.create : words.save}
        </button>
        <button type="button" class="button" onClick={onCancel}>
          {words.cancel}
        </button>
      </div>
    </form>
  );
}
