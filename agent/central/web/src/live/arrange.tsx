/** Arranging a layout of the wall: which cameras, how many columns, for whom. */

import type { JSX, TargetedSubmitEvent } from "preact";
import * as api from "../api/client";
import type { Camera } from "../api/types";
import { cameraKey, toggled } from "../events/filter";
import { Problem, useDeed } from "../people/deed";
import { text } from "../text";
import { Picker } from "../ui/picker";
import { MOST_TILES } from "./layouts";

export interface Draft extends api.LayoutWish {
  /** undefined: a new one */
  id?: string | undefined;
}

interface Props {
  draft: Draft;
  cameras: readonly Camera[];
  onChange: (draft: Draft) => void;
  /** the id of what is kept now; undefined: removed */
  onDone: (id: string | undefined) => void;
  onCancel: () => void;
}

const COLUMNS = [1, 2, 3, 4, 5, 6, 7, 8];

export function ArrangeBar({ draft, cameras, onChange, onDone, onCancel }: Props): JSX.Element {
  const words = text.live;
  const deed = useDeed();
  const { id, ...wish } = draft;
  const full = draft.cameras.length > MOST_TILES;
  const save = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    void deed.run(async () => onDone((await api.saveLayout({ ...wish, name: wish.name.trim() }, id)).id));
  };
  const remove = () => id !== undefined && void deed.run(async () => (await api.removeLayout(id), onDone(undefined)));
  return (
    <form class="arrange panel" onSubmit={save} data-testid="arrange">
      <input
        class="text-input"
        required
        maxLength={100}
        value={draft.name}
        placeholder={words.layoutName}
        aria-label={words.layoutName}
        autoFocus
        name="name"
        onInput={(event) => onChange({ ...draft, name: event.currentTarget.value })}
      />
      <Picker
        name={words.cameras}
        any={words.noCamera}
        options={cameras.map((camera) => ({ value: cameraKey(camera), name: camera.name }))}
        chosen={draft.cameras}
        onToggle={(key) => onChange({ ...draft, cameras: [...toggled(draft.cameras, key)] })}
        testid="arrange-cameras"
      />
      <select
        class="button select"
        aria-label={words.columns}
        value={draft.columns ?? ""}
        onChange={(event) => onChange({ ...draft, columns: Number(event.currentTarget.value) || null })}
        data-testid="arrange-columns"
      >
        <option value="">{words.fitting}</option>
        {COLUMNS.map((count) => (
          <option key={count} value={count}>
            {words.columnsOf(count)}
          </option>
        ))}
      </select>
      <label class="check">
        <input type="checkbox" checked={draft.large} onChange={() => onChange({ ...draft, large: !draft.large })} /> {words.large}
      </label>
      <label class="check">
        <input type="checkbox" checked={draft.shared} onChange={() => onChange({ ...draft, shared: !draft.shared })} data-testid="arrange-shared" /> {words.shared}
      </label>
      <span class="spring" />
      <button type="submit" class="button primary" disabled={deed.busy || full || draft.cameras.length === 0}>
        {words.save}
      </button>
      {id !== undefined && (
        <button type="button" class="button danger" disabled={deed.busy} onClick={remove}>
          {words.remove}
        </button>
      )}
      <button type="button" class="button" onClick={onCancel}>
        {words.cancel}
      </button>
      <p class="sub">{full ? words.tooMany(MOST_TILES) : words.arrangeMore}</p>
      {deed.error && <Problem>{deed.error}</Problem>}
    </form>
  );
}
