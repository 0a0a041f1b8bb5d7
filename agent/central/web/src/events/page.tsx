/** All events: filters in the address, cards by day, keyboard, news without a jump. */

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { LamppostEvent } from "../api/types";
import { useCell } from "../cell";
import { centreNow } from "../news";
import { useAddress } from "../router";
import { failureLine, text } from "../text";
import { dayText } from "../time/time";
import { Empty } from "../ui/empty";
import { Export } from "../ui/export";
import { Icon } from "../ui/icon";
import { SkeletonCards } from "../ui/skeleton";
import { useSlide } from "../ui/slide";
import { EventCard } from "./card";
import { addressOf, countOf, type Filter, filterOf, isEmpty, queryOf, toggled } from "./filter";
import { Filters } from "./filters";
import { type EventList, useEventList } from "./list";
import { byDay } from "./merge";
import { useDeeds } from "./deeds";
import { useListKeys, useReviewKeys } from "./keys";
import { BatchBar, Said, useMayReview } from "./review";
import { allowSound, blocked, setSound, sound } from "./sound";

export function EventsPage(): JSX.Element {
  const { query } = useAddress();
  const filter = useMemo(() => filterOf(query), [query.toString()]);
  const address = addressOf(filter);
  const list = useEventList(filter, address);
  const cards = useRef<HTMLDivElement>(null);
  const may = useMayReview();
  const deeds = useDeeds();
  const [chosen, choose] = useState<ReadonlySet<string>>(nothing);
  const [open, setOpen] = useState(false);
  const narrowed = countOf(filter);
  const items = list.items ?? [];
  const picked = items.filter(({ id }) => chosen.has(id));
  const toggle = (id: string) => choose((old) => new Set(toggled([...old], id)));
  const keep = (refused: readonly LamppostEvent[]) => choose(new Set(refused.map(({ id }) => id)));
  const acknowledge = (id: string | undefined) => {
    const batch = chosen.size > 0;
    const wanted = batch ? picked : items.filter((event) => event.id === id);
    void deeds.make(wanted, { acknowledged: true }).then((refused) => batch && keep(refused));
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
        <Export what="events" query={() => queryOf(filter, centreNow(), 1)} />
        <span class="head-break" />
        <button type="button" class={narrowed > 0 ? "button only-small pressed" : "button only-small"} aria-expanded={open} onClick={() => setOpen(!open)} data-testid="filters-open">
          <Icon name="filter" size={16} />
          {narrowed > 0 ? `${text.search.filters} · ${narrowed}` : text.search.filters}
        </button>
        <SoundSwitch />
      </header>
      <Filters open={open} filter={filter} items={list.items ?? nothingShown} />
      {list.fresh.length > 0 && <FreshPill list={list} />}
      <div ref={cards} class={chosen.size > 0 ? "choosing" : ""}>
        <Cards list={list} filter={filter} address={address} chosen={chosen} onChoose={may ? toggle : undefined} />
      </div>
      <Said said={deeds.said} named />
      {picked.length > 0 && (
        <BatchBar chosen={picked} deeds={deeds} onAll={() => choose(new Set(items.map(({ id }) => id)))} onNone={() => choose(nothing)} onDone={keep} />
      )}
    </div>
  );
}

const nothing: ReadonlySet<string> = new Set();
const nothingShown: readonly LamppostEvent[] = [];

function SoundSwitch(): JSX.Element {
  const on = useCell(sound);
  const silenced = useCell(blocked);
  const title = silenced ? text.review.soundBlocked : on ? text.review.soundOn : text.review.soundOff;
  return (
    <button type="button" class={on ? "button pressed" : "button"} aria-pressed={on} title={title} onClick={() => (silenced ? allowSound() : setSound(!on))} data-testid="sound">
      <Icon name={on && !silenced ? "bell" : "mute"} size={16} />
      {text.review.sound}
    </button>
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
