/** What the event list shows, as chosen above it. */

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { LamppostEvent } from "../api/types";
import { useCell } from "../cell";
import { cameras as allCameras } from "../news";
import { go } from "../router";
import { session } from "../session";
import { kindName, labelName, text } from "../text";
import { localField, momentOfField } from "../time/field";
import { Icon } from "../ui/icon";
import { Picker } from "../ui/picker";
import { Typed } from "../ui/typed";
import { ColourFilter } from "./colour-filter";
import { addressOf, cameraKey, everything, type Filter, isEmpty, isSpan, NOBODY, SPANS, type SpanName, toggled } from "./filter";
import { useMayReview, useReviewers } from "./review";

const setFilter = (filter: Filter) => go(`/events${addressOf(filter)}`, { replace: true });

interface FiltersProps {
  /** on a narrow page; on a wide one they always are */
  open: boolean;
  filter: Filter;
  items: readonly LamppostEvent[];
}

export function Filters({ open, filter, items }: FiltersProps): JSX.Element {
  const cameras = useCell(allCameras) ?? [];
  const labels = useMemo(() => {
    const seen = items.flatMap(({ label }) => label ?? []);
    return [...new Set([...Object.keys(text.labels), ...seen, ...filter.labels])];
  }, [items, filter]);
  const [clears, setClears] = useState(0);
  const kinds = [...new Set([...Object.keys(text.kinds), ...filter.kinds])];
  return (
    <div class={open ? "filters open" : "filters"} role="group" aria-label={text.search.filters}>
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
      <Assigned filter={filter} />
      <Times key={clears} filter={filter} />
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
      <ColourFilter chosen={filter.colours} onChange={(colours) => setFilter({ ...filter, colours })} />
      <Typed
        class="text-input words"
        type="search"
        maxLength={100}
        value={filter.words}
        placeholder={text.review.words}
        aria-label={text.review.words}
        onCommit={(words) => setFilter({ ...filter, words })}
        data-testid="filter-words"
      />
      {!isEmpty(filter) && (
        <button type="button" class="button quiet" onClick={() => (setFilter(everything), setClears(clears + 1))}>
          <Icon name="close" size={14} />
          {text.events.clear}
        </button>
      )}
    </div>
  );
}

/** Me first, then nobody, then all the others who can be given an event. */
function Assigned({ filter }: { filter: Filter }): JSX.Element {
  const who = useCell(session);
  const me = who.state === "in" ? who.me.name : "";
  const reviewers = useReviewers(useMayReview());
  const chosen = filter.assigned ? [filter.assigned] : [];
  const names: Record<string, string> = { [me]: text.review.mine(me), [NOBODY]: text.review.nobody };
  return (
    <Picker
      name={text.review.assigned}
      any={text.review.anybody}
      single
      options={[...new Set([me, NOBODY, ...reviewers, ...chosen])].map((value) => ({ value, name: names[value] ?? value }))}
      chosen={chosen}
      onToggle={(value) => setFilter({ ...filter, assigned: value === filter.assigned ? undefined : value })}
      testid="filter-assigned"
    />
  );
}

const OWN = "own";

/** A span that ends now, or a time of one's own. */
function Times({ filter }: { filter: Filter }): JSX.Element {
  const timed = filter.since !== undefined || filter.until !== undefined;
  const [own, setOwn] = useState(timed);
  const between = own || timed;
  const put = (times: Partial<Pick<Filter, "within" | "since" | "until">>) => setFilter({ ...filter, within: undefined, ...times });
  const pick = (value: string) => {
    const span = isSpan(value) && value !== filter.within ? value : undefined;
    setOwn(value === OWN && !between);
    put({ within: span, since: undefined, until: undefined });
  };
  const spans = (Object.keys(SPANS) as SpanName[]).map((value) => ({ value, name: text.search.spans[value] }));
  return (
    <>
      <Picker
        name={text.search.when}
        any={text.search.ever}
        single
        options={[...spans, { value: OWN, name: text.search.between }]}
        chosen={filter.within ? [filter.within] : between ? [OWN] : []}
        onToggle={pick}
        testid="filter-time"
      />
      {between && (
        <div class="filter-times">
          <Time name={text.search.from} at={filter.since} onCommit={(since) => put({ since })} testid="filter-since" />
          <Time name={text.search.to} at={filter.until} onCommit={(until) => put({ until })} testid="filter-until" />
        </div>
      )}
    </>
  );
}

interface TimeProps {
  name: string;
  at: string | undefined;
  onCommit: (at: string | undefined) => void;
  testid: string;
}

const Time = ({ name, at, onCommit, testid }: TimeProps) => (
  <label>
    <span>{name}</span>
    <Typed
      class="text-input"
      type="datetime-local"
      value={at ? localField(new Date(at)) : ""}
      onCommit={(typed) => onCommit(momentOfField(typed)?.toISOString())}
      data-testid={testid}
    />
  </label>
);
