/** Search: what is looked for on one side, everything that fits on the other, while it is being chosen. */

import type { JSX } from "preact";
import { useCallback, useMemo, useRef, useState } from "preact/hooks";
import type { Facets } from "../api/types";
import { useListKeys } from "../events/keys";
import { clockAhead } from "../news";
import { go, useAddress } from "../router";
import { failureLine, number, text } from "../text";
import { day } from "../time/format";
import { momentText } from "../time/time";
import { Empty } from "../ui/empty";
import { Export } from "../ui/export";
import { Icon } from "../ui/icon";
import { SkeletonCards } from "../ui/skeleton";
import { ALIKE, alikeIn } from "./alike";
import type { Brief } from "./brief";
import { TrackCard } from "./card";
import { addressOf, countOf, isEmpty, queryOf, type Search, searchOf, SPANS } from "./filter";
import { CardGrid, type Place } from "./grid";
import { Histogram } from "./histogram";
import { bars } from "./hours";
import { type TrackList, useTrackList } from "./list";
import { SearchPanel } from "./panel";

export function SearchPage(): JSX.Element {
  const { query } = useAddress();
  const search = useMemo(() => searchOf(query), [query.toString()]);
  const address = addressOf(search);
  const whole = useTrackList(search, address);
  /** of which search what is less alike is shown, too */
  const [wider, widen] = useState<string>();
  const ranked = search.like !== "" && wider !== address;
  const end = ranked ? alikeIn(whole.items ?? []) : undefined;
  const list = end === undefined ? whole : { ...whole, items: whole.items?.slice(0, end), more: false };
  const facets = list.old || ranked ? undefined : list.facets; // they count whatever is compared, alike or not
  const results = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  useListKeys(results);
  const timeline = useMemo(() => (whole.facets ? bars(whole.facets, sinceOf(search), untilOf(search)) : []), [whole.facets]);
  const [found, narrowed] = [foundIn(list, ranked), countOf(search)];
  const show = () => {
    setOpen(false);
    window.scrollTo(0, 0);
    results.current?.focus({ preventScroll: true });
  };
  /** What is shown, and no more: of what looks alike only that which does. */
  const taken = () => {
    const wanted = queryOf(search, Date.now() + clockAhead.value, 1);
    if (ranked) wanted.set("min_likeness", String(ALIKE));
    return wanted;
  };
  const change = (wanted: Search) => go(`/search${addressOf(wanted)}`, { replace: true });
  return (
    <div class="page search-page">
      <header class="page-head">
        <h1>{text.search.title}</h1>
        {found && (
          <span class="sub numbers" role="status" data-testid="found">
            {found}
            {list.reached && ` · ${text.search.reached(momentText(list.reached))}`}
          </span>
        )}
        <span class="spring" />
        <Export what="tracks" query={taken} />
        <span class="head-break" />
        <select class="button" disabled={search.like !== ""} value={search.byFit || search.like ? "fit" : "time"} aria-label={text.search.sort} onChange={(choice) => change({ ...search, byFit: choice.currentTarget.value === "fit" })} data-testid="sort">
          <option value="time">{text.search.byTime}</option>
          <option value="fit">{text.search.byFit}</option>
        </select>
        <button type="button" class={narrowed > 0 ? "button only-small pressed" : "button only-small"} aria-expanded={open} onClick={() => setOpen(!open)} data-testid="search-open">
          <Icon name="filter" size={16} />
          {narrowed > 0 ? `${text.search.filters} · ${narrowed}` : text.search.filters}
        </button>
        <button type="button" class={list.fresh > 0 ? "button primary" : "button"} onClick={list.again} data-testid="search-again">
          <Icon name="retry" size={16} />
          <span class="only-wide">{list.fresh > 0 ? text.search.fresh(list.fresh) : text.search.again}</span>
          {list.fresh > 0 && (
            <span class="only-small numbers" aria-hidden="true">
              {number(list.fresh)}
            </span>
          )}
        </button>
      </header>
      <div class={open ? "search-body open" : "search-body"}>
        <SearchPanel search={search} onChange={change} alike={list.old ? undefined : list.alike} facets={facets} found={found} onShow={show} />
        <section class="search-results" ref={results} tabIndex={-1} aria-label={text.search.results} aria-busy={list.old} data-testid="results">
          {list.facets && !ranked && <Histogram bars={timeline} exact={list.facets.exact} onChoose={(since, until) => (change({ ...search, within: undefined, since, until }), results.current?.focus({ preventScroll: true }))} />}
          {list.counting && !list.facets && !ranked && list.items && list.items.length > 0 && <div class="histogram skeleton" aria-hidden="true" />}
          <Results list={list} search={search} address={address} onWiden={end === undefined ? undefined : () => widen(address)} />
        </section>
      </div>
    </div>
  );
}

/** How many fit, in words; undefined while nobody knows, or none do. */
function foundIn({ old, items, facets, more, counting }: TrackList, ranked: boolean): string | undefined {
  if (ranked) return old || !items || items.length === 0 || more ? undefined : text.search.alikeFound(items.length);
  if (old || !items || items.length === 0 || (!facets && more && counting)) return undefined;
  return more && facets ? text.search.found(Math.max(total(facets), items.length), facets.exact) : text.search.found(items.length, true);
}

const total = (facets: Facets) => facets.hours.reduce((sum, { count }) => sum + count, 0);
const sinceOf = (search: Search) =>
  search.within ? Date.now() + clockAhead.value - SPANS[search.within] * 3_600_000 : search.since ? Date.parse(search.since) : undefined;
const untilOf = (search: Search) => (search.until ? Date.parse(search.until) : Date.now() + clockAhead.value);

interface ResultsProps {
  list: TrackList;
  search: Search;
  address: string;
  /** there is more, that is less alike */
  onWiden: (() => void) | undefined;
}

function Results({ list, search, address, onWiden }: ResultsProps): JSX.Element {
  const now = new Date();
  const today = day(now, now); // cards say which day it was, unless that is today
  const card = useCallback((track: Brief, place: Place) => <TrackCard key={track.id} track={track} address={address} place={place} />, [address, today]);
  if (!list.items) {
    if (list.error === undefined) return <SkeletonCards list="shots" card="card shot-card" picture="shot" />;
    return (
      <Empty icon="warning" title={text.search.failed} more={failureLine(list.error)}>
        <button type="button" class="button" onClick={list.again}>
          <Icon name="retry" size={16} />
          {text.tryAgain}
        </button>
      </Empty>
    );
  }
  const less = onWiden && (
    <button type="button" class="button" onClick={onWiden} data-testid="show-less-alike">
      {text.search.showLessAlike}
    </button>
  );
  if (list.items.length === 0 && less)
    return (
      <Empty icon="search" title={text.search.noneAlike} more={text.search.noneAlikeMore}>
        {less}
      </Empty>
    );
  if (list.items.length === 0) {
    const none = isEmpty(search);
    return <Empty icon="search" title={none ? text.search.none : text.search.noneMatch} more={none ? text.search.noneMore : text.search.noneMatchMore} />;
  }
  return (
    <>
      <CardGrid items={list.items} more={list.more} onMore={list.next} left={list.left} card={card} />
      {list.error !== undefined && <p role="alert">{failureLine(list.error)}</p>}
      {!list.more && <p class="list-end">{less ?? text.search.end}</p>}
    </>
  );
}
