/** The home page: cameras live, all of them or those of a layout, the latest events beside them. */

import type { JSX, RefObject } from "preact";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Camera, Layout as Kept } from "../api/types";
import { useCell } from "../cell";
import { cameraKey } from "../events/filter";
import { EventStrip } from "../events/strip";
import { cameras as allCameras, link, refetch } from "../news";
import { go, Link, useAddress } from "../router";
import { session } from "../session";
import { text } from "../text";
import { Empty } from "../ui/empty";
import { Icon } from "../ui/icon";
import { Picker } from "../ui/picker";
import { typing, usePress } from "../ui/press";
import { useAlarm, useFollowing } from "./alarm";
import { ArrangeBar, type Draft } from "./arrange";
import type { Tone } from "./condition";
import { type Layout, layoutFor } from "./layout";
import { MOST_TILES, moved, paged, type Shown, shownOf, withAlarm } from "./layouts";
import { Pager } from "./pager";
import { Tile } from "./tile";

const GAP = 8;
/** below this, tiles stand in one column and the page scrolls */
const NARROW = 720;
/** below this, events stand under the wall */
const STACKED = 1080;
/** the narrowest strip of events, and the space before it */
const STRIP = 316 + 16;

export function WallPage(): JSX.Element {
  const cameras = useCell(allCameras);
  const online = cameras?.filter((camera) => camera.online).length ?? 0;
  const { query } = useAddress();
  const wanted = query.get("layout");
  const [layouts, again] = useLayouts();
  const chosen = layouts?.find(({ id }) => id === wanted);
  const [draft, arrange] = useState<Draft>();
  const [boxes, setBoxes] = useState(false);
  const [follow, setFollow] = useFollowing();
  const [frozen, tell] = useFrozen();
  const lost = useCell(link).state === "lost";
  const hot = useAlarm(follow && !draft);
  const frame = useRef<HTMLDivElement>(null);
  const waiting = !cameras || (wanted !== null && !layouts);
  const find = query.get("find") ?? "";
  const part = paged(cameras ?? [], find, Number(query.get("page")));
  const shown = waiting ? undefined : withAlarm(draft ?? chosen ? shownOf(draft ?? chosen, cameras) : shownOf(undefined, part.cameras), hot, cameras);
  useWallKeys(frame, setBoxes);
  const done = (id: string | undefined) => {
    arrange(undefined);
    again();
    go(id ? `/?layout=${encodeURIComponent(id)}` : "/", { replace: true });
  };
  return (
    <div class="page live-page">
      <header class="page-head">
        <h1>{text.live.title}</h1>
        {cameras && cameras.length > 0 && <span class="sub" data-testid="wall-count">{lost ? text.live.centreLost : [text.live.online(online, cameras.length), frozen > 0 && text.live.frozen(frozen)].filter(Boolean).join(" · ")}</span>}
        <span class="spring" />
        {cameras && (cameras.length > MOST_TILES || find) && !draft && !chosen && <Pager part={part} find={find} />}
        {cameras && cameras.length > 0 && !draft && (
          <Tools layouts={layouts ?? []} chosen={chosen} shown={shown} onArrange={arrange} boxes={boxes} setBoxes={setBoxes} follow={follow} setFollow={setFollow} frame={frame} />
        )}
      </header>
      {draft && <ArrangeBar draft={draft} cameras={cameras ?? []} onChange={arrange} onDone={done} onCancel={() => arrange(undefined)} />}
      <div class="live-body">
        {cameras?.length === 0 ? (
          <Empty icon="live" title={text.live.none} more={text.live.noneMore} />
        ) : (
          <Wall frame={frame} shown={shown} boxes={boxes} onTone={tell} onMove={draft && ((key, to) => arrange({ ...draft, cameras: [...placed(draft.cameras, key, to)] }))} />
        )}
        <aside class="strip panel" aria-labelledby="strip-title">
          <div class="strip-head">
            <h2 id="strip-title">{text.live.recent}</h2>
            <Link class="strip-all" href="/events">
              {text.live.all}
              <Icon name="forward" size={14} />
            </Link>
          </div>
          <EventStrip most={30} empty={text.live.noEvents} />
        </aside>
      </div>
    </div>
  );
}

/** Of how many tiles that should show something the picture stands still, as they tell. */
function useFrozen(): [count: number, tell: (camera: string, tone: Tone | undefined) => void] {
  const [frozen, set] = useState<ReadonlySet<string>>(new Set());
  const tell = useCallback((camera: string, tone: Tone | undefined) => {
    set((old) => {
      if (old.has(camera) === (tone === "warn")) return old;
      const next = new Set(old);
      if (tone === "warn") next.add(camera);
      else next.delete(camera);
      return next;
    });
  }, []);
  return [frozen.size, tell];
}

function placed(keys: readonly string[], key: string, to: string | -1 | 1): readonly string[] {
  const other = typeof to === "string" ? to : keys[keys.indexOf(key) + to];
  return other === undefined ? keys : moved(keys, key, other);
}

function useLayouts(): [layouts: readonly Kept[] | undefined, again: () => void] {
  const [layouts, set] = useState<readonly Kept[]>();
  const generation = useCell(refetch);
  const again = () => void api.layouts().then(set, () => set((old) => old ?? []));
  useEffect(again, [generation]);
  return [layouts, again];
}

interface ToolsProps {
  layouts: readonly Kept[];
  chosen: Kept | undefined;
  shown: Shown | undefined;
  onArrange: (draft: Draft) => void;
  boxes: boolean;
  setBoxes: (on: boolean) => void;
  follow: boolean;
  setFollow: (on: boolean) => void;
  frame: RefObject<HTMLElement | null>;
}

function Tools({ layouts, chosen, shown, onArrange, boxes, setBoxes, follow, setFollow, frame }: ToolsProps): JSX.Element {
  const who = useCell(session);
  const me = who.state === "in" ? who.me.name : "";
  const own = chosen?.owner === me;
  const fresh: Draft = { name: "", shared: false, cameras: (shown?.cameras ?? []).slice(0, MOST_TILES).map(cameraKey), columns: chosen?.columns ?? null, large: chosen?.large ?? false };
  return (
    <div class="wall-tools">
      {layouts.length > 0 && (
        <Picker
          name={text.live.layout}
          any={text.live.allCameras}
          single
          options={[{ value: "", name: text.live.allCameras }, ...layouts.map(({ id, name, owner }) => ({ value: id, name: owner === me ? name : text.live.by(name, owner) }))]}
          chosen={chosen ? [chosen.id] : []}
          onToggle={(id) => go(id ? `/?layout=${encodeURIComponent(id)}` : "/", { replace: true })}
          testid="layouts"
        />
      )}
      {own && chosen && (
        <button type="button" class="button" onClick={() => onArrange(draftOf(chosen))} aria-label={text.live.arrange} data-testid="arrange-this">
          <Icon name="edit" size={16} />
          <span class="wide">{text.live.arrange}</span>
        </button>
      )}
      <button type="button" class="button" onClick={() => onArrange(fresh)} aria-label={text.live.newLayout} data-testid="new-layout">
        <Icon name="plus" size={16} />
        <span class="wide">{text.live.newLayout}</span>
      </button>
      <button type="button" class={follow ? "button pressed" : "button"} aria-pressed={follow} aria-label={text.live.follow} title={text.live.followMore} onClick={() => setFollow(!follow)} data-testid="follow">
        <Icon name="bell" size={16} />
        <span class="wide">{text.live.follow}</span>
      </button>
      <button type="button" class={boxes ? "button pressed" : "button"} aria-pressed={boxes} aria-label={text.live.boxes} title="b" onClick={() => setBoxes(!boxes)} data-testid="wall-boxes">
        <Icon name="box" size={16} />
        <span class="wide">{text.live.boxes}</span>
      </button>
      <button type="button" class="button icon-only" aria-label={text.live.fullWall} title={`${text.live.fullWall} (f)`} onClick={() => void fullScreen(frame)}>
        <Icon name="expand" size={16} />
      </button>
    </div>
  );
}

const draftOf = ({ id, name, shared, cameras, columns, large }: Kept): Draft => ({ id, name, shared, cameras, columns, large });

async function fullScreen(frame: RefObject<HTMLElement | null>): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await frame.current?.requestFullscreen?.();
}

function useWallKeys(frame: RefObject<HTMLElement | null>, setBoxes: (change: (on: boolean) => boolean) => void): void {
  const press = (event: KeyboardEvent) => {
    if (typing(event)) return;
    if (event.key === "f") void fullScreen(frame);
    else if (event.key === "b") setBoxes((on) => !on);
  };
  usePress(press, []);
}

interface WallProps {
  frame: RefObject<HTMLDivElement | null>;
  shown: Shown | undefined;
  boxes: boolean;
  onTone: (camera: string, tone: Tone | undefined) => void;
  onMove: ((camera: string, to: string | -1 | 1) => void) | undefined;
}

function Wall({ frame, shown, boxes, onTone, onMove }: WallProps): JSX.Element {
  const count = shown?.cameras.length ?? countKept();
  const layout = useLayout(frame, count, shown);
  useEffect(() => {
    if (shown) keepCount(shown.cameras.length);
  }, [shown?.cameras.length]);
  // before the first paint, or the tiles would be seen moving to their places
  useLayoutEffect(() => {
    const style = frame.current?.firstElementChild as HTMLElement | null;
    if (!layout || !style) return;
    style.style.setProperty("--columns", String(layout.columns));
    style.style.setProperty("--tile", `${layout.tileWidth}px`);
    style.style.setProperty("--hero", String(layout.hero));
    // what the tiles leave free at the side goes to the events
    const wall = layout.columns * (layout.tileWidth + GAP) - GAP;
    frame.current!.parentElement!.style.setProperty("--wall", `${wall}px`);
  }, [layout, count]);
  const hero = layout !== undefined && layout.hero > 1;
  return (
    <div class="wall" ref={frame}>
      <ul class={hero ? "tiles with-hero" : "tiles"} aria-label={text.live.wall} aria-busy={!shown}>
        {shown ? <Tiles shown={shown} hero={hero} boxes={boxes} onTone={onTone} onMove={onMove} /> : Array.from({ length: count }, (_, i) => <li key={i} class="tile skeleton" />)}
      </ul>
    </div>
  );
}

/** In the document they stand in an order that never changes, on the screen as the layout has them. */
function Tiles({ shown, hero, boxes, onTone, onMove }: { shown: Shown; hero: boolean } & Pick<WallProps, "boxes" | "onTone" | "onMove">): JSX.Element {
  const order = new Map<Camera, number>(shown.cameras.map((camera, place) => [camera, place]));
  const steady = [...shown.cameras].sort((a, b) => (cameraKey(a) < cameraKey(b) ? -1 : 1));
  return (
    <>
      {steady.map((camera) => {
        const place = order.get(camera) ?? 0;
        return <Tile key={cameraKey(camera)} camera={camera} order={place} large={hero && place === 0} boxes={boxes} onTone={onTone} onMove={onMove} />;
      })}
    </>
  );
}

function useLayout(frame: RefObject<HTMLElement | null>, count: number, shown: Shown | undefined): Layout | undefined {
  const [layout, set] = useState<Layout>();
  const [columns, large] = [shown?.columns ?? null, shown?.large ?? false];
  useLayoutEffect(() => {
    const element = frame.current!;
    const measure = () => {
      const full = document.fullscreenElement === element;
      const width = full ? element.clientWidth : element.parentElement!.clientWidth - (window.innerWidth > STACKED ? STRIP : 0);
      set(window.innerWidth <= NARROW ? undefined : layoutFor(count, width, element.clientHeight, GAP, { columns, large }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [count, columns, large]);
  return layout;
}

const COUNT_KEY = "lamppost.tiles";

/** How many tiles the wall had last: the place is laid out for them while the cameras are asked for. */
function countKept(): number {
  try {
    return Math.max(1, Math.min(MOST_TILES, Number(localStorage.getItem(COUNT_KEY)) || 3));
  } catch {
    return 3;
  }
}

function keepCount(count: number): void {
  try {
    localStorage.setItem(COUNT_KEY, String(count));
  } catch {
    // storage may be forbidden: the next wall begins with three places
  }
}
