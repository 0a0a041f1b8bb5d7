/** What is asked for less often: finer classes, which way, how fast, how long, zones, number plates. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useCell } from "../cell";
import { toggled } from "../events/filter";
import { cameras as allCameras } from "../news";
import { text } from "../text";
import { COMPASS, FINER, type Range, type RangeName, type Search, SECTORS } from "./filter";

interface Props {
  search: Search;
  onChange: (search: Search) => void;
}

export function More({ search, onChange }: Props): JSX.Element {
  const finer = (search.labels.length > 0 ? search.labels : Object.keys(FINER)).flatMap((label) => FINER[label] ?? []);
  const zones = useZones(search.cameras);
  const used = search.kinds.length + search.directions.length + search.zones.length > 0 || search.plate !== "" || search.ranges.speed.min !== undefined || search.ranges.speed.max !== undefined || search.ranges.dwell_s.min !== undefined || search.ranges.dwell_s.max !== undefined;
  return (
    <details class="search-more" open={used} data-testid="search-more">
      <summary>{text.search.more}</summary>
      <div class="search-more-body">
        {finer.length > 0 && <Words title={text.search.kinds} words={finer} names={text.search.kindNames} chosen={search.kinds} onChange={(kinds) => onChange({ ...search, kinds })} />}
        <section class="search-group">
          <h3>{text.search.direction}</h3>
          <Dial chosen={search.directions} onChange={(directions) => onChange({ ...search, directions })} />
        </section>
        <Between name="speed" title={text.search.speed} search={search} onChange={onChange} />
        <Between name="dwell_s" title={text.search.dwell} search={search} onChange={onChange} />
        {zones.length > 0 && <Words title={text.search.zones} words={zones} names={{}} chosen={search.zones} onChange={(chosen) => onChange({ ...search, zones: chosen })} />}
        <section class="search-group">
          <h3>
            <label for="search-plate">{text.search.plate}</label>
          </h3>
          <input
            id="search-plate"
            class="find"
            type="text"
            maxLength={40}
            value={search.plate}
            placeholder="AB?12*"
            spellcheck={false}
            onChange={(change) => onChange({ ...search, plate: change.currentTarget.value.trim() })}
            data-testid="plate"
          />
          <label class="fuzzy">
            <input type="checkbox" checked={search.fuzzy} onChange={(change) => onChange({ ...search, fuzzy: change.currentTarget.checked })} />
            {text.search.fuzzy}
          </label>
        </section>
      </div>
    </details>
  );
}

/** The zones of the cameras that are searched, by name. */
function useZones(chosen: readonly string[]): string[] {
  const cameras = (useCell(allCameras) ?? []).filter((one) => chosen.length === 0 || chosen.includes(`${one.site}/${one.gateway}/${one.camera}`));
  return [...new Set(cameras.flatMap((one) => one.shapes.flatMap((shape) => (shape.kind === "zone" ? [shape.name] : []))))].sort();
}

interface WordsProps {
  title: string;
  words: readonly string[];
  names: Readonly<Record<string, string>>;
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
}

const Words = ({ title, words, names, chosen, onChange }: WordsProps) => (
  <section class="search-group">
    <h3>{title}</h3>
    <div class="choices" role="group" aria-label={title}>
      {words.map((word) => (
        <button key={word} type="button" class="choice" aria-pressed={chosen.includes(word)} onClick={() => onChange(toggled(chosen, word))}>
          {names[word] ?? word}
        </button>
      ))}
    </div>
  </section>
);

/** Eight arrows around a point. By the compass only cameras count that know how they hang. */
function Dial({ chosen, onChange }: { chosen: readonly string[]; onChange: (chosen: readonly string[]) => void }): JSX.Element {
  const [compass, setCompass] = useState(chosen.some((word) => (COMPASS as readonly string[]).includes(word)));
  const words: readonly string[] = compass ? COMPASS : SECTORS;
  const turn = (to: boolean) => {
    setCompass(to);
    onChange([]);
  };
  return (
    <div class="dial-row">
      <div class="dial" role="group" aria-label={text.search.direction}>
        {words.map((word, index) => (
          <button
            key={word}
            type="button"
            style={{ transform: `rotate(${index * 45}deg) translateY(-30px)` }}
            aria-pressed={chosen.includes(word)}
            aria-label={text.search.directions[word] ?? word}
            title={text.search.directions[word] ?? word}
            onClick={() => onChange(toggled(chosen, word))}
            data-testid={`direction-${word}`}
          >
            <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
              <path d="M8 2.5l4.5 7h-3v4h-3v-4h-3z" fill="currentColor" />
            </svg>
          </button>
        ))}
      </div>
      <div class="choices" role="group" aria-label={text.search.by}>
        <button type="button" class="choice" aria-pressed={!compass} onClick={() => turn(false)}>
          {text.search.byPicture}
        </button>
        <button type="button" class="choice" aria-pressed={compass} onClick={() => turn(true)}>
          {text.search.byCompass}
        </button>
      </div>
    </div>
  );
}

function Between({ name, title, search, onChange }: Props & { name: RangeName; title: string }): JSX.Element {
  const range = search.ranges[name];
  const set = (end: keyof Range, said: string) => {
    const value = said === "" ? undefined : Math.max(0, Number(said));
    onChange({ ...search, ranges: { ...search.ranges, [name]: { ...range, [end]: value } } });
  };
  const field = (end: keyof Range) => (
    <input type="number" class="find" min={0} step="any" value={range[end] ?? ""} placeholder={text.search[end]} aria-label={`${title}: ${text.search[end]}`} onChange={(change) => set(end, change.currentTarget.value)} data-testid={`${end}-${name}`} />
  );
  return (
    <section class="search-group">
      <h3>{title}</h3>
      <div class="min-max">
        {field("min")}
        <span aria-hidden="true">–</span>
        {field("max")}
      </div>
    </section>
  );
}
