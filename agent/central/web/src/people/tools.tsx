/** What an administrator does with one account. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as api from "../api/people";
import type { Me } from "../api/types";
import { text } from "../text";
import { Problem, useDeed } from "./deed";
import { PersonForm, type Wanted } from "./form";

interface Props {
  person: api.Person;
  me: Me;
  onChanged: () => void;
  onClose: () => void;
  onLink: (link: api.PersonLink) => void;
}

export function PersonTools({ person, me, onChanged, onClose, onLink }: Props): JSX.Element {
  const words = text.accounts.people;
  const saving = useDeed();
  const deed = useDeed();
  const [said, setSaid] = useState<string>();
  const [sure, setSure] = useState(false);
  const run = (what: () => Promise<unknown>, done?: string) => {
    setSaid(undefined);
    void deed.run(what).then((worked) => worked && (setSaid(done), onChanged()));
  };
  const save = (wanted: Wanted) => void saving.run(() => api.changePerson(person.name, { role: wanted.role, places: wanted.places })).then((worked) => worked && onClose());
  return (
    <div class="person-tools" data-testid="person-tools">
      <PersonForm start={person} fresh={false} mayAll={me.places === null} busy={saving.busy} error={saving.error} onSubmit={save} onCancel={onClose} />
      <div class="row-of tools">
        {!person.elsewhere && (
          <button type="button" class="button" disabled={deed.busy} onClick={() => run(async () => onLink(await api.linkFor(person.name)))} data-testid="reset">
            {words.reset}
          </button>
        )}
        {person.second_factor && (
          <button type="button" class="button" disabled={deed.busy} onClick={() => run(() => api.factorOff(person.name), words.done.factorOff)}>
            {words.factorOff}
          </button>
        )}
        <button type="button" class="button" disabled={deed.busy} onClick={() => run(() => api.signOutEverywhere(person.name), words.done.signOut)}>
          {words.signOut}
        </button>
        <button type="button" class="button" disabled={deed.busy} onClick={() => run(() => api.changePerson(person.name, { disabled: !person.disabled }), words.done.saved)} data-testid="disable">
          {person.disabled ? words.enable : words.disable}
        </button>
        <button type="button" class="button danger" disabled={deed.busy} onClick={() => setSure(!sure)} aria-expanded={sure}>
          {words.remove}
        </button>
      </div>
      {sure && (
        <div class="row-of sure" role="alert">
          <span>{words.removeSure(person.name)}</span>
          <button type="button" class="button danger" onClick={() => void deed.run(() => api.removePerson(person.name)).then((worked) => worked && onClose())}>
            {words.yesRemove}
          </button>
        </div>
      )}
      {said && <p role="status">{said}</p>}
      {deed.error && <Problem>{deed.error}</Problem>}
    </div>
  );
}
