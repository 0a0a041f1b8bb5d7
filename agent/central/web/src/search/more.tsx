/** What is asked for less often: finer classes, which way, how fast, how long, how large, how surely, zones, places, number plates. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useCell } from "../cell";
import { cameraKey, toggled } from "../events/filter";
import { cameras as allCameras } from "../news";
import { text } from "../text";
import { Typed } from "../ui/typed";
import { percentText, shareOf } from "./count";
import { asksMore, COMPASS, FINER, type Range, type RangeName, type Search, SECTORS } from "./filter";
import { NearPlace, OfPlace } from "./place";
import { isOf } from "./places";

interface Props {
  search: Search;
  onChange: (search: Search) => void;
}

export function More({ search, onChange }: Props): JSX.Element {
  const finer = (search.labels.length > 0 ? search.labels : Object.keys(FINER)).flatMap((label) => FINER[label] ?? []);
  const zones = useZones(search);
  const offered = [...new Set([...zones, ...search.zones])]; // what is asked for can be taken off, whatever the cameras have
  const used = asksMore(search);
  const [open, setOpen] = useState(used);
  useEffect(() => void (used && setOpen(true)), [used]); // what is asked for is seen; what is no longer does not close it under the hand
  return (
    <details class="search-more" open={open} onToggle={(toggle) => setOpen(toggle.currentTarget.open)} data-testid="search-more">
      <summary>{text.search.more}</summary>
      <div class="search-more-body">
        {finer.length > 0 && <Words title={text.search.kinds} words={finer} names={text.search.kindNames} chosen={search.kinds} onChange={(kinds) => onChange({ ...search, kinds })} />}
        <section class="search-group">
          <h3>{text.search.direction}</h3>
          <Dial chosen={search.directions} onChange={(directions) => onChange({ ...search, directions })} />
        </section>
        <Between name="speed" title={search.inHeights ? text.search.speedHeights : text.search.speed} search={search} onChange={onChange}>
          <div class="choices" role="group" aria-label={text.search.speedUnit}>
            {[false, true].map((inHeights) => (
              <button key={String(inHeights)} type="button" class="choice" aria-pressed={search.inHeights === inHeights} title={inHeights ? text.event.heightsMore : undefined} onClick={() => onChange({ ...search, inHeights })} data-testid={inHeights ? "speed-heights" : "speed-metres"}>
                {inHeights ? text.event.heights : "m/s"}
              </button>
            ))}
          </div>
        </Between>
        <Between name="dwell_s" title={text.search.dwell} search={search} onChange={onChange} />
        <Between name="size" title={text.search.size} percent search={search} onChange={onChange} />
        <AtLeast name="min_score" title={text.search.score} share={search.minScore} onChange={(minScore) => onChange({ ...search, minScore })} />
        {(search.colours.length > 0 || search.share !== undefined) && <AtLeast name="share" title={text.search.share} share={search.share} onChange={(share) => onChange({ ...search, share })} />}
        <OfPlace search={search} onChange={onChange} />
        <NearPlace search={search} onChange={onChange} />
        {offered.length > 0 && <Words title={text.search.zones} words={offered} names={{}} chosen={search.zones} onChange={(chosen) => onChange({ ...search, zones: chosen })} />}
        <section class="search-group">
          <h3>
            <label for="search-plate">{text.search.plate}</label>
          </h3>
          <Typed
            id="search-plate"
            class="find"
            type="text"
            maxLength={40}
            value={search.plate}
            placeholder="AB?12*"
            spellcheck={false}
            onCommit={(said) => onChange({ ...search, plate: said.trim() })}
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
function useZones(search: Search): string[] {
  const { cameras: chosen } = search;
  const cameras = (useCell(allCameras) ?? []).filter((one) => isOf(search, one) && (chosen.length === 0 || chosen.includes(cameraKey(one))));
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
  const [wanted, setCompass] = useState(false);
  const compass = chosen.length > 0 ? chosen.some((word) => (COMPASS as readonly string[]).includes(word)) : wanted;
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

interface BetweenProps extends Props {
  name: RangeName;
  title: string;
  /** a share, said in % */
  percent?: boolean;
  children?: ComponentChildren;
}

function Between({ name, title, percent = false, search, onChange, children }: BetweenProps): JSX.Element {
  const range = search.ranges[name];
  const read = (said: string) => (percent ? shareOf(said) : said === "" ? undefined : Math.max(0, Number(said)));
  const set = (end: keyof Range, said: string) => onChange({ ...search, ranges: { ...search.ranges, [name]: { ...range, [end]: read(said) } } });
  const field = (end: keyof Range) => (
    <Typed type="number" class="find" min={0} step="any" value={percent ? percentText(range[end]) : String(range[end] ?? "")} placeholder={text.search[end]} aria-label={`${title}: ${text.search[end]}`} onCommit={(said) => set(end, said)} data-testid={`${end}-${name}`} />
  );
  return (
    <section class="search-group">
      <h3>{title}</h3>
      {children}
      <div class="min-max">
        {field("min")}
        <span aria-hidden="true">–</span>
        {field("max")}
      </div>
    </section>
  );
}

interface AtLeastProps {
  name: string;
  title: string;
  share: number | undefined;
  onChange: (share: number | undefined) => void;
}

const AtLeast = ({ name, title, share, onChange }: AtLeastProps) => (
  <section class="search-group">
    <h3>{title}</h3>
    <div class="min-max">
      <Typed type="number" class="find" min={0} max={100} step="any" value={percentText(share)} placeholder={text.search.min} aria-label={`${title}: ${text.search.min}`} onCommit={(said) => onChange(shareOf(said))} data-testid={name} />
    </div>
  </section>
);
