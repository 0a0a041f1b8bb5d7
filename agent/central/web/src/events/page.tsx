/** All events: filters in the address, cards by day, keyboard, news without a jump. */

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useCell } from "../cell";
import { cameras as allCameras } from "../news";
import { go, useAddress } from "../router";
import { session } from "../session";
import { colourName, failureLine, kindName, labelName, text } from "../text";
import { dayText } from "../time/time";
import { Empty } from "../ui/empty";
import { Export } from "../ui/export";
import { Icon } from "../ui/icon";
import { SkeletonCards } from "../ui/skeleton";
import { Picker } from "../ui/picker";
import { useSlide } from "../ui/slide";
import { EventCard } from "./card";
import { CHIPS, PARTS } from "./colours";
import { addressOf, cameraKey, everything, type Filter, filterOf, isEmpty, queryOf, toggled } from "./filter";
import { type EventList, useEventList } from "./list";
import { byDay } from "./merge";
import { useDeeds } from "./deeds";
import { useListKeys, useReviewKeys } from "./keys";
import { BatchBar, Said, useMayReview } from "./review";
import { setSound, sound } from "./sound";

export function EventsPage(): JSX.Element {
  const { query } = useAddress();
  const filter = useMemo(() => filterOf(query), [query.toString()]);
  const address = addressOf(filter);
  const list = useEventList(filter, address);
  const cards = useRef<HTMLDivElement>(null);
  const may = useMayReview();
  const deeds = useDeeds();
  const [chosen, choose] = useState<ReadonlySet<string>>(nothing);
  const items = list.items ?? [];
  const picked = items.filter(({ id }) => chosen.has(id));
  const toggle = (id: string) => choose((old) => new Set(toggled([...old], id)));
  const acknowledge = (id: string | undefined) => {
    const batch = chosen.size > 0;
    const wanted = batch ? picked : items.filter((event) => event.id === id);
    void deeds.make(wanted, { acknowledged: true }).then((worked) => worked && batch && choose(nothing));
  };
  useListKeys(cards);
  useSlide(cards, address);
  useReviewKeys(cards, may, { acknowledge, choose: toggle, none: () => choose(nothing) });
  useEffect(() => choose(nothing), [address]);
  useEffect(() => {
    const scrolled = () => window.scrollY < 10 && list.fresh.length > 0 && list.release();
    window.addEventListener("scroll", scrolled, { passive: true });
    return () => window.removeEventListener("scroll", scrolled);
  }, [list.fresh.length]);
  return (
    <div class="page events-page">
      <header class="page-head">
        <h1>{text.events.title}</h1>
        {list.items && list.items.length > 0 && <span class="sub">{text.events.shown(list.items.length, list.more)}</span>}
        <span class="spring" />
        <span class="sub keys">{text.review.keys}</span>
        <Export what="events" query={() => queryOf(filter, 1)} />
        <SoundSwitch />
      </header>
      <Filters filter={filter} list={list} />
      {list.fresh.length > 0 && <FreshPill list={list} />}
      <div ref={cards} class={chosen.size > 0 ? "choosing" : ""}>
        <Cards list={list} filter={filter} address={address} chosen={chosen} onChoose={may ? toggle : undefined} />
      </div>
      <Said deeds={deeds} />
      {picked.length > 0 && (
        <BatchBar chosen={picked} deeds={deeds} onAll={() => choose(new Set(items.map(({ id }) => id)))} onNone={() => choose(nothing)} />
      )}
    </div>
  );
}

const nothing: ReadonlySet<string> = new Set();

function SoundSwitch(): JSX.Element {
  const on = useCell(sound);
  const title = on ? text.review.soundOn : text.review.soundOff;
  return (
    <button type="button" class={on ? "button pressed" : "button"} aria-pressed={on} title={title} onClick={() => setSound(!on)} data-testid="sound">
      <Icon name={on ? "bell" : "mute"} size={16} />
      {text.review.sound}
    </button>
  );
}

const COLOURS = PARTS.flatMap((part) =>
  Object.entries(CHIPS).map(([name, chip]) => ({ value: `${part}:${name}`, name: text.coloured(text.parts[part], colourName(name)), chip })),
);

const setFilter = (filter: Filter) => go(`/events${addressOf(filter)}`, { replace: true });

function Filters({ filter, list }: { filter: Filter; list: EventList }): JSX.Element {
  const cameras = useCell(allCameras) ?? [];
  const labels = useMemo(() => {
    const seen = (list.items ?? []).flatMap(({ label }) => label ?? []);
    return [...new Set([...Object.keys(text.labels), ...seen, ...filter.labels])];
  }, [list.items, filter]);
  const kinds = [...new Set([...Object.keys(text.kinds), ...filter.kinds])];
  const who = useCell(session);
  const me = who.state === "in" ? who.me.name : "";
  return (
    <div class="filters" role="group">
      <button type="button" class={filter.alarms ? "button pressed" : "button"} aria-pressed={filter.alarms} onClick={() => setFilter({ ...filter, alarms: !filter.alarms })} data-testid="filter-alarms">
        {text.review.alarms}
      </button>
      <Picker
        name={text.review.state}
        any={text.review.anyState}
        single
        options={[{ value: "open", name: text.review.open }, { value: "done", name: text.review.done }]}
        chosen={filter.state ? [filter.state] : []}
        onToggle={(value) => setFilter({ ...filter, state: value === filter.state ? undefined : (value as "open" | "done") })}
        testid="filter-state"
      />
      <Picker
        name={text.review.assigned}
        any={text.review.anybody}
        single
        options={[...new Set([me, filter.assigned ?? me])].map((name) => ({ value: name, name: name === me ? text.review.mine(name) : name }))}
        chosen={filter.assigned ? [filter.assigned] : []}
        onToggle={(value) => setFilter({ ...filter, assigned: value === filter.assigned ? undefined : value })}
        testid="filter-assigned"
      />
      <Picker
        name={text.events.camera}
        any={text.events.anyCamera}
        single
        options={cameras.map((camera) => ({ value: cameraKey(camera), name: camera.name }))}
        chosen={filter.camera ? [filter.camera] : []}
        onToggle={(key) => setFilter({ ...filter, camera: key === filter.camera ? undefined : key })}
        testid="filter-camera"
      />
      <Picker
        name={text.events.kind}
        any={text.events.anyKind}
        options={kinds.map((value) => ({ value, name: kindName(value) }))}
        chosen={filter.kinds}
        onToggle={(value) => setFilter({ ...filter, kinds: toggled(filter.kinds, value) })}
        testid="filter-kind"
      />
      <Picker
        name={text.events.label}
        any={text.events.anyLabel}
        options={labels.map((value) => ({ value, name: labelName(value) }))}
        chosen={filter.labels}
        onToggle={(value) => setFilter({ ...filter, labels: toggled(filter.labels, value) })}
        testid="filter-label"
      />
      <Picker
        name={text.events.colour}
        any={text.events.anyColour}
        options={COLOURS}
        chosen={filter.colours}
        onToggle={(value) => setFilter({ ...filter, colours: toggled(filter.colours, value) })}
        testid="filter-colour"
      />
      <input
        class="text-input words"
        type="search"
        maxLength={100}
        value={filter.words}
        placeholder={text.review.words}
        aria-label={text.review.words}
        onChange={(event) => setFilter({ ...filter, words: event.currentTarget.value })}
        data-testid="filter-words"
      />
      {!isEmpty(filter) && (
        <button type="button" class="button quiet" onClick={() => setFilter(everything)}>
          <Icon name="close" size={14} />
          {text.events.clear}
        </button>
      )}
    </div>
  );
}

function FreshPill({ list }: { list: EventList }): JSX.Element {
  const show = () => {
    list.release();
    window.scrollTo({ top: 0, behavior: "smooth" });
  };
  return (
    <div class="fresh" role="status">
      <button type="button" class="button primary" onClick={show} data-testid="fresh-events">
        {text.events.fresh(list.fresh.length)}
      </button>
    </div>
  );
}

interface CardsProps {
  list: EventList;
  filter: Filter;
  address: string;
  chosen: ReadonlySet<string>;
  onChoose: ((id: string) => void) | undefined;
}

function Cards({ list, filter, address, chosen, onChoose }: CardsProps): JSX.Element {
  if (!list.items) return list.error ? <Failed list={list} /> : <SkeletonCards list="cards" card="card" picture="event-picture" />;
  if (list.items.length === 0) {
    const none = isEmpty(filter);
    return (
      <Empty
        icon="events"
        title={none ? text.events.none : text.events.noneMatch}
        more={none ? text.events.noneMore : text.events.noneMatchMore}
      />
    );
  }
  return (
    <>
      {byDay(list.items, (event) => dayText(new Date(event.start))).map(([day, events]) => (
        <section key={day} class="day" aria-label={day}>
          <h2 class="day-name">{day}</h2>
          <ul class="cards">
            {events.map((event) => (
              <EventCard key={event.id} event={event} address={address} chosen={chosen.has(event.id)} onChoose={onChoose} />
            ))}
          </ul>
        </section>
      ))}
      <footer class="list-end" data-slides="end">
        {list.more ? (
          <button type="button" class="button" onClick={list.older} disabled={list.loading}>
            {text.events.older}
          </button>
        ) : (
          <span>{text.events.oldest}</span>
        )}
        {list.error !== undefined && <p role="alert">{failureLine(list.error)}</p>}
      </footer>
    </>
  );
}

const Failed = ({ list }: { list: EventList }) => (
  <Empty icon="warning" title={text.events.failed} more={failureLine(list.error)}>
    <button type="button" class="button" onClick={list.again}>
      <Icon name="retry" size={16} />
      {text.tryAgain}
    </button>
  </Empty>
);
