/** Holds: what may not be deleted, why, and how far that is at each gateway. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { HoldQuery, HoldState } from "../api/holds";
import type { Hold } from "../api/types";
import { useCell } from "../cell";
import { cameraKey, isCamera } from "../events/filter";
import { cameras as allCameras, centreNow } from "../news";
import { Problem } from "../people/deed";
import { go, useAddress } from "../router";
import { text } from "../text";
import { Empty } from "../ui/empty";
import { Icon } from "../ui/icon";
import { Picker } from "../ui/picker";
import { useSlide } from "../ui/slide";
import { HoldCard } from "./card";
import { HoldDialog } from "./dialog";
import { useHoldList } from "./list";
import { useMayHold } from "./may";
import type { Proposal } from "./wish";

const STATES: readonly HoldState[] = ["active", "over"];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Read the page's address; what makes no sense is left out. */
function queryOf(address: URLSearchParams): HoldQuery {
  const camera = address.get("camera") ?? "";
  return { state: address.get("state") === "over" ? "over" : "active", camera: isCamera(camera) ? camera : undefined };
}

function pathOf({ state, camera }: HoldQuery): string {
  const query = new URLSearchParams({ ...(state === "over" && { state }), ...(camera && { camera }) }).toString().replaceAll("%2F", "/");
  return query ? `/holds?${query}` : "/holds";
}

export function HoldsPage(): JSX.Element {
  const words = text.holds;
  const query = queryOf(useAddress().query);
  const list = useHoldList(query);
  const named = useCell(allCameras) !== undefined; // or names would take the place of longer keys
  const may = useMayHold();
  const [asking, ask] = useState<Proposal>();
  const open = () => {
    const to = Math.ceil(centreNow() / MINUTE_MS) * MINUTE_MS;
    ask({ cameras: query.camera ? [query.camera] : [], from: to - HOUR_MS, to });
  };
  return (
    <div class="page holds-page">
      <header class="page-head">
        <h1>{words.title}</h1>
        <Which query={query} />
        <span class="spring" />
        {may && (
          <button type="button" class="button primary" aria-haspopup="dialog" onClick={open} data-testid="new-hold">
            <Icon name="hold" size={16} />
            {words.add}
          </button>
        )}
      </header>
      {list.error && <Failed error={list.error} again={list.again} />}
      {named && list.items?.length === 0 && <Nothing query={query} />}
      {named && list.items && list.items.length > 0 && <Cards items={list.items} of={pathOf(query)} onChanged={list.told} />}
      {!(named && list.items) && !list.error && <div class="panel skeleton people-skeleton" role="status" aria-label={text.loading} />}
      {list.more && (
        <button type="button" class="button more" disabled={list.loading} onClick={list.older} data-testid="older-holds">
          {words.older}
        </button>
      )}
      {asking && <HoldDialog proposal={asking} close={() => ask(undefined)} onMade={list.told} />}
    </div>
  );
}

function Which({ query }: { query: HoldQuery }): JSX.Element {
  const words = text.holds;
  const cameras = useCell(allCameras) ?? [];
  const choose = (change: Partial<HoldQuery>) => go(pathOf({ ...query, ...change }), { replace: true });
  return (
    <>
      <div class="segmented" role="group" aria-label={words.which}>
        {STATES.map((state) => (
          <button key={state} type="button" aria-pressed={query.state === state} onClick={() => choose({ state })} data-testid={`holds-${state}`}>
            {words.states[state]}
          </button>
        ))}
      </div>
      <Picker
        name={words.camera}
        any={words.anyCamera}
        options={cameras.map((camera) => ({ value: cameraKey(camera), name: camera.name }))}
        chosen={query.camera ? [query.camera] : []}
        onToggle={(key) => choose({ camera: key === query.camera ? undefined : key })}
        single
        testid="holds-camera"
      />
    </>
  );
}

function Nothing({ query: { state, camera } }: { query: HoldQuery }): JSX.Element {
  const kind = camera === undefined ? state : "camera";
  return <Empty icon="hold" title={text.holds.none[kind]} more={text.holds.noneMore[kind]} />;
}

const Failed = ({ error, again }: { error: string; again: () => void }) => (
  <div class="row-of">
    <Problem>{error}</Problem>
    <button type="button" class="button" onClick={again}>
      <Icon name="retry" size={16} />
      {text.tryAgain}
    </button>
  </div>
);

/** `of` says of what the list is: those of another one do not slide in. */
function Cards({ items, of, onChanged }: { items: readonly Hold[]; of: string; onChanged: (hold: Hold) => void }): JSX.Element {
  const root = useRef<HTMLUListElement>(null);
  useSlide(root, of);
  return (
    <ul ref={root} class="holds" aria-label={text.holds.list} data-testid="holds">
      {items.map((hold) => (
        <HoldCard key={hold.id} hold={hold} onChanged={onChanged} />
      ))}
    </ul>
  );
}
