/** Who has an account, what each may do and see: for administrators. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as api from "../api/people";
import type { Me } from "../api/types";
import { text } from "../text";
import { Moment, momentText } from "../time/time";
import { Icon } from "../ui/icon";
import { Problem, ShownOnce, useDeed, useFetched } from "./deed";
import { PersonForm, type Wanted } from "./form";
import { PersonTools } from "./tools";

export function PeoplePage({ me }: { me: Me }): JSX.Element {
  const words = text.accounts.people;
  const list = useFetched(api.people);
  const [open, setOpen] = useState<string>();
  const [link, setLink] = useState<api.PersonLink>();
  const close = () => (setOpen(undefined), list.again());
  return (
    <div class="page people-page">
      <header class="page-head">
        <h1>{words.title}</h1>
        {list.value && <span class="sub numbers">{words.count(list.value.length)}</span>}
        <span class="spring" />
        <button type="button" class="button primary" onClick={() => setOpen(NEW)} data-testid="new-person">
          <Icon name="plus" size={16} />
          {words.add}
        </button>
      </header>
      {list.error && <Problem>{list.error}</Problem>}
      {link && (
        <ShownOnce title={words.link(link.person.name)} more={words.linkMore(momentText(link.expires))} value={location.origin + link.link} testid="person-link" />
      )}
      {open === NEW && <NewPerson me={me} onDone={(made) => (setLink(made), close())} onCancel={() => setOpen(undefined)} />}
      <ul class="people panel" data-testid="people">
        <li class="head person" aria-hidden="true">
          {[words.name, words.role, words.sees, words.state, words.seen].map((name) => (
            <span key={name}>{name}</span>
          ))}
        </li>
        {list.value?.map((person) => (
          <li key={person.name} class={person.disabled ? "off" : ""}>
            <button type="button" class="person" aria-expanded={open === person.name} title={words.edit(person.name)} onClick={() => setOpen(open === person.name ? undefined : person.name)}>
              <PersonLine person={person} />
            </button>
            {open === person.name && <PersonTools key={person.name} person={person} me={me} onChanged={list.again} onClose={close} onLink={setLink} />}
          </li>
        ))}
      </ul>
      {!list.value && !list.error && <div class="panel skeleton people-skeleton" role="status" aria-label={text.loading} />}
    </div>
  );
}

/** No account can be called so. */
const NEW = "+";

function PersonLine({ person }: { person: api.Person }): JSX.Element {
  const words = text.accounts.people;
  const places = person.places;
  const sees = places === null ? words.everything : places.length === 0 ? words.nothing : places.length === 1 ? places[0] : words.places(places.length);
  return (
    <>
      <strong>{person.name}</strong>
      <span>{text.role[person.role]}</span>
      <span class="sees" title={places?.join("\n")}>
        {sees}
      </span>
      <span class="tags">
        {person.disabled && <span class="tag bad">{words.states.disabled}</span>}
        {person.waiting && <span class="tag warn">{words.states.waiting}</span>}
        {person.elsewhere && <span class="tag">{words.states.elsewhere}</span>}
        {person.second_factor && <span class="tag ok">{words.states.factor}</span>}
      </span>
      <span class="sub seen">
        <span class="seen-word">{words.seen} </span>
        {person.last_seen ? <Moment at={person.last_seen} /> : words.never}
      </span>
    </>
  );
}

function NewPerson({ me, onDone, onCancel }: { me: Me; onDone: (made: api.PersonLink) => void; onCancel: () => void }): JSX.Element {
  const deed = useDeed();
  const start: Wanted = { name: "", role: "viewer", places: me.places === null ? null : [] };
  const make = (wanted: Wanted) => void deed.run(async () => onDone(await api.makePerson(wanted.name, wanted.role, wanted.places)));
  return (
    <section class="panel person-panel" aria-label={text.accounts.people.add}>
      <PersonForm start={start} fresh mayAll={me.places === null} busy={deed.busy} error={deed.error} onSubmit={make} onCancel={onCancel} />
    </section>
  );
}
