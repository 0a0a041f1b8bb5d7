/** An account to make, or to change. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Role } from "../api/types";
import { text } from "../text";
import { PlaceChooser } from "./chooser";
import { Problem } from "./deed";

const ROLES: Role[] = ["viewer", "operator", "investigator", "admin"];

export interface Wanted {
  name: string;
  role: Role;
  places: string[] | null;
}

interface Props {
  start: Wanted;
  fresh: boolean;
  mayAll: boolean;
  busy: boolean;
  error: string | undefined;
  onSubmit: (wanted: Wanted) => void;
  onCancel: () => void;
}

export function PersonForm({ start, fresh, mayAll, busy, error, onSubmit, onCancel }: Props): JSX.Element {
  const words = text.accounts.people;
  const [wanted, setWanted] = useState(start);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onSubmit({ ...wanted, name: wanted.name.trim() });
  };
  return (
    <form class="person-form" onSubmit={submit} data-testid="person-form">
      {fresh && (
        <label class="field">
          <span>{words.name}</span>
          <input required maxLength={64} value={wanted.name} autoFocus autocapitalize="none" autocomplete="off" spellcheck={false} name="name" onInput={(event) => setWanted({ ...wanted, name: event.currentTarget.value })} />
        </label>
      )}
      <fieldset class="roles">
        <legend>{words.role}</legend>
        {ROLES.map((role) => (
          <label key={role}>
            <input type="radio" name="role" value={role} checked={wanted.role === role} onChange={() => setWanted({ ...wanted, role })} />
            <span>{text.role[role]}</span>
            <small>{words.roleMore[role]}</small>
          </label>
        ))}
      </fieldset>
      <PlaceChooser places={wanted.places} mayAll={mayAll} onChange={(places) => setWanted({ ...wanted, places })} />
      {error && <Problem>{error}</Problem>}
      <div class="row-of">
        <button type="submit" class="button primary" disabled={busy}>
          {fresh ? words.create : words.save}
        </button>
        <button type="button" class="button" onClick={onCancel}>
          {words.cancel}
        </button>
      </div>
    </form>
  );
}
