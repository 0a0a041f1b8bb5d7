/** Searches that are kept: one's own and those that others share; some are watched for. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { request } from "../api/client";
import { useCell } from "../cell";
import { Problem, useDeed, useFetched } from "../people/deed";
import { go } from "../router";
import { session } from "../session";
import { text } from "../text";
import { Icon } from "../ui/icon";
import { addressOf, isEmpty, type Search } from "./filter";

export interface Saved {
  id: string;
  owner: string;
  name: string;
  kind: "tracks" | "events";
  query: string;
  watch: boolean;
  raised: number;
  held_back: number;
}

const load = async () => (await request<{ items: Saved[] }>("GET", "/searches")).items.filter(({ kind }) => kind === "tracks");

export const saveSearch = (search: Search, body: NameBody) => request<Saved>("POST", `/searches/tracks${addressOf(search)}`, body);

export function SavedSearches({ search }: { search: Search }): JSX.Element {
  const words = text.accounts.saved;
  const list = useFetched(load);
  const deed = useDeed();
  const [naming, setNaming] = useState(false);
  const who = useCell(session);
  const me = who.state === "in" ? who.me.name : "";
  const run = (what: () => Promise<unknown>) => void deed.run(what).then((worked) => worked && (setNaming(false), list.again()));
  return (
    <section class="search-group saved" aria-label={words.title} data-testid="saved">
      <h2>{words.title}</h2>
      <ul>
        {!list.value && !list.error && <li class="skeleton bar" aria-label={text.loading} />}
        {list.value?.length === 0 && <li class="sub">{words.none}</li>}
        {list.value?.map((one) => (
          <SavedLine key={one.id} one={one} mine={one.owner === me} onRun={run} />
        ))}
      </ul>
      {naming ? (
        <NameForm busy={deed.busy} onCancel={() => setNaming(false)} onSave={(body) => run(() => saveSearch(search, body))} />
      ) : (
        !isEmpty(search) && (
          <button type="button" class="button" onClick={() => setNaming(true)} data-testid="save-search">
            <Icon name="plus" size={14} />
            {words.save}
          </button>
        )
      )}
      {(deed.error ?? list.error) && <Problem>{deed.error ?? list.error}</Problem>}
    </section>
  );
}

function SavedLine({ one, mine, onRun }: { one: Saved; mine: boolean; onRun: (what: () => Promise<unknown>) => void }): JSX.Element {
  const words = text.accounts.saved;
  const path = `/searches/${encodeURIComponent(one.id)}`;
  return (
    <li>
      <button type="button" class="saved-name" onClick={() => go(`/search?${one.query}`)}>
        {one.name}
        <small title={one.held_back > 0 ? words.heldBack(one.held_back) : undefined}>
          {[!mine && words.of(one.owner), one.watch && words.watching(one.raised)].filter(Boolean).join(" · ")}
        </small>
      </button>
      {mine && (
        <>
          <button type="button" class={one.watch ? "button quiet icon-only pressed" : "button quiet icon-only"} aria-pressed={one.watch} aria-label={one.watch ? words.stop : words.start} title={one.watch ? words.stop : words.start} onClick={() => onRun(() => request("PATCH", path, { watch: !one.watch }))}>
            <Icon name="eye" size={16} />
          </button>
          <button type="button" class="button quiet icon-only" aria-label={words.remove(one.name)} title={words.remove(one.name)} onClick={() => onRun(() => request("DELETE", path))}>
            <Icon name="close" size={14} />
          </button>
        </>
      )}
    </li>
  );
}

interface NameBody {
  name: string;
  shared: boolean;
  watch: boolean;
}

function NameForm({ busy, onSave, onCancel }: { busy: boolean; onSave: (body: NameBody) => void; onCancel: () => void }): JSX.Element {
  const words = text.accounts.saved;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    onSave({ name: String(data.get("name")).trim(), shared: data.has("shared"), watch: data.has("watch") });
  };
  return (
    <form class="save-form" onSubmit={submit} data-testid="save-form">
      <input class="text-input" name="name" required maxLength={100} placeholder={words.name} aria-label={words.name} autoFocus autocomplete="off" />
      <label>
        <input type="checkbox" name="watch" />
        <span>
          {words.watch}
          <small>{words.watchMore}</small>
        </span>
      </label>
      <label>
        <input type="checkbox" name="shared" />
        <span>{words.shared}</span>
      </label>
      <div class="row-of">
        <button type="submit" class="button primary" disabled={busy}>
          {words.keep}
        </button>
        <button type="button" class="button" onClick={onCancel}>
          {words.cancel}
        </button>
      </div>
    </form>
  );
}
