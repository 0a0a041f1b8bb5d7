/** What to look for: who or what, in which colours, when and where. */

import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { Camera, Count, Facets } from "../api/types";
import { useCell } from "../cell";
import { type Part, PARTS } from "../events/colours";
import { cameraKey, toggled } from "../events/filter";
import { areaOf } from "../map/ground";
import { cameras as allCameras } from "../news";
import { labelName, text } from "../text";
import { localField, momentOfField } from "../time/field";
import { Icon, type IconName } from "../ui/icon";
import { Typed } from "../ui/typed";
import { compact } from "./count";
import { Draw } from "./draw";
import { Figure } from "./figure";
import { LooksLike } from "./like";
import { More } from "./more";
import { isOf, standsIn } from "./places";
import { SavedSearches } from "./saved";
import { all, FINER, isEmpty, LABELS, type Search, type SpanName, SPANS } from "./filter";

interface Props {
  search: Search;
  onChange: (search: Search) => void;
}

interface PanelProps extends Props {
  /** of all that fits, to stand beside the choices */
  facets: Facets | undefined;
  /** by what tracks were compared that should look like one */
  alike: "appearance" | "colours" | undefined;
  /** how many fit, in words */
  found: string | undefined;
  /** on a narrow page the panel covers the results until this is pressed */
  onShow: () => void;
}

const countOf = (counts: readonly Count[] | undefined, value: string) => counts && (counts.find((one) => one.value === value)?.count ?? 0);

const ICONS: Record<string, IconName> = { person: "person", vehicle: "vehicle", two_wheeler: "cycle", bag: "object", animal: "animal" };

/** Only what can wear them: nothing chosen may be anything. */
function partsOf(labels: readonly string[]): readonly Part[] {
  const person = labels.length === 0 || labels.includes("person");
  const vehicle = labels.length === 0 || labels.includes("vehicle");
  return PARTS.filter((part) => (part === "vehicle" ? vehicle : person));
}

export function SearchPanel({ search, onChange, facets, alike, found, onShow }: PanelProps): JSX.Element {
  const parts = partsOf(search.labels);
  const withLabels = (labels: readonly string[]) => {
    const kept = search.colours.filter((colour) => partsOf(labels).some((part) => colour.startsWith(`${part}:`)));
    const finer = search.kinds.filter((kind) => labels.length === 0 || labels.some((label) => FINER[label]?.includes(kind)));
    onChange({ ...search, labels, colours: kept, kinds: finer });
  };
  return (
    <aside class="panel search-panel" aria-label={text.search.filters} data-testid="search-panel">
      {search.like && <LooksLike id={search.like} how={alike} drop={() => onChange({ ...search, like: "" })} />}
      <Group title={text.search.what}>
        <div class="labels" role="group" aria-label={text.search.what}>
          {LABELS.map((label) => (
            <button
              key={label}
              type="button"
              class="label-choice"
              aria-pressed={search.labels.includes(label)}
              onClick={() => withLabels(toggled(search.labels, label))}
              data-testid={`label-${label}`}
            >
              <Icon name={ICONS[label] ?? "object"} size={20} />
              {labelName(label)}
              <Counted count={countOf(facets?.labels, label)} />
            </button>
          ))}
        </div>
      </Group>
      {parts.length > 0 && (
        <Group title={text.search.colours}>
          <Figure parts={parts} colours={search.colours} facets={facets} onChange={(colours) => onChange({ ...search, colours })} />
        </Group>
      )}
      <Group title={text.search.when}>
        <When search={search} onChange={onChange} />
      </Group>
      <Group title={text.search.where}>
        <Where search={search} onChange={onChange} facets={facets} />
      </Group>
      <Draw search={search} onChange={onChange} />
      <More search={search} onChange={onChange} />
      {!isEmpty(search) && (
        <button type="button" class="button quiet" onClick={() => onChange(all)} data-testid="search-clear">
          <Icon name="close" size={14} />
          {text.search.clear}
        </button>
      )}
      <SavedSearches search={search} />
      <button type="button" class="button primary only-small show-results" onClick={onShow} data-testid="show-results">
        {[text.search.show, found].filter(Boolean).join(" · ")}
      </button>
    </aside>
  );
}

const Group = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <section class="search-group">
    <h2>{title}</h2>
    {children}
  </section>
);

/** Nothing until it is known. */
const Counted = ({ count }: { count: number | undefined }) => (count === undefined ? null : <span class="counted numbers">{compact(count)}</span>);

function When({ search, onChange }: Props): JSX.Element {
  const [own, setOwn] = useState(search.since !== undefined || search.until !== undefined);
  const timed = own || search.since !== undefined || search.until !== undefined;
  const pick = (within: SpanName | undefined) => {
    setOwn(false);
    onChange({ ...search, within, since: undefined, until: undefined });
  };
  return (
    <>
      <div class="choices" role="group" aria-label={text.search.when}>
        <Choice pressed={!timed && !search.within} onClick={() => pick(undefined)} name={text.search.ever} />
        {(Object.keys(SPANS) as SpanName[]).map((span) => (
          <Choice key={span} pressed={search.within === span} onClick={() => pick(span)} name={text.search.spans[span]} testid={`within-${span}`} />
        ))}
        <Choice
          pressed={timed}
          onClick={() => {
            setOwn(true);
            onChange({ ...search, within: undefined });
          }}
          name={text.search.between}
        />
      </div>
      {timed && (
        <div class="between">
          <Time name={text.search.from} at={search.since} onChange={(since) => (setOwn(true), onChange({ ...search, within: undefined, since }))} />
          <Time name={text.search.to} at={search.until} onChange={(until) => (setOwn(true), onChange({ ...search, within: undefined, until }))} />
        </div>
      )}
    </>
  );
}

interface ChoiceProps {
  pressed: boolean;
  onClick: () => void;
  name: string;
  testid?: string;
}

const Choice = ({ pressed, onClick, name, testid }: ChoiceProps) => (
  <button type="button" class="choice" aria-pressed={pressed} onClick={onClick} data-testid={testid}>
    {name}
  </button>
);

function Time({ name, at, onChange }: { name: string; at: string | undefined; onChange: (at: string | undefined) => void }): JSX.Element {
  return (
    <label class="field">
      <span>{name}</span>
      <Typed type="datetime-local" value={at ? localField(new Date(at)) : ""} onCommit={(said) => onChange(momentOfField(said)?.toISOString())} />
    </label>
  );
}

/** With more cameras than that a field narrows the list down. */
const MANY = 8;

function Where({ search, onChange, facets }: Props & Pick<PanelProps, "facets">): JSX.Element {
  const cameras = useCell(allCameras) ?? [];
  const [words, setWords] = useState("");
  const area = areaOf(search.area);
  const inPlace = cameras.filter((camera) => isOf(search, camera) && (!area || standsIn(area, camera)));
  const chosen = (camera: Camera) => search.cameras.includes(cameraKey(camera));
  const searched = inPlace.length === cameras.length ? search.cameras.length : inPlace.filter((camera) => search.cameras.length === 0 || chosen(camera)).length;
  const shown = cameras.filter((camera) => (inPlace.includes(camera) || chosen(camera)) && `${camera.name} ${cameraKey(camera)}`.toLowerCase().includes(words.toLowerCase().trim()));
  return (
    <>
      {cameras.length > MANY && (
        <input
          class="find"
          type="search"
          value={words}
          placeholder={text.search.findCamera}
          aria-label={text.search.findCamera}
          onInput={(input) => setWords(input.currentTarget.value)}
        />
      )}
      <ul class="ticks">
        {shown.map((camera) => {
          const key = cameraKey(camera);
          return (
            <li key={key}>
              <label>
                <input
                  type="checkbox"
                  checked={chosen(camera)}
                  onChange={() => onChange({ ...search, cameras: toggled(search.cameras, key) })}
                />
                <span class="tick-name">{camera.name}</span>
                <Counted count={facets && (facets.cameras.find((one) => cameraKey(one) === key)?.count ?? 0)} />
              </label>
            </li>
          );
        })}
      </ul>
      {search.area && (
        <button type="button" class="choice" aria-pressed="true" onClick={() => onChange({ ...search, area: "" })} title={text.search.dropArea} data-testid="area">
          {text.search.area} ×
        </button>
      )}
      <p class="sub" data-testid="searched">{searched === 0 && inPlace.length === cameras.length ? text.search.everywhere : text.search.cameras(searched)}</p>
    </>
  );
}
