/** Playback: up to nine cameras in step, over what their gateways have recorded. */

import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Camera } from "../api/types";
import { useCell } from "../cell";
import { playsFootage } from "../codecs";
import { useMayFetch } from "../events/fetching";
import { cameraKey, toggled } from "../events/filter";
import { useActiveHolds } from "../holds/active";
import { holding } from "../holds/told";
import { ofSpan } from "../holds/wish";
import { cameras as allCameras, centreNow, clockAhead } from "../news";
import { go, useAddress } from "../router";
import { failureLine, text } from "../text";
import { Empty } from "../ui/empty";
import { Picker } from "../ui/picker";
import { typing, usePress } from "../ui/press";
import { mostAhead } from "./ahead";
import { MOST_CAMERAS, playbackPath, playedOf } from "./address";
import { Controls } from "./controls";
import { type Cut, spanOf } from "./cut";
import { Exports } from "./exports";
import { useFootage } from "./footage";
import { advanced, type Head } from "./head";
import { eventFrom } from "./jump";
import { nearestFootage } from "./nearest";
import { knownAt, type Past, unknown, usePast } from "./past";
import { Said, useSaid } from "./said";
import { PlayedTile } from "./tile";
import { Timeline } from "./timeline";
import { coveredAt, fitted, following, LEAD_MS, nextFootage, type Stretch, zoomed } from "./time";

/** What is being recorded just now cannot be cut yet. */
const NEWEST_MS = 12_000;
/** What is recorded is told of a segment late: till then nobody knows that there is nothing. */
const UNTOLD_MS = 90_000;
const VIEW_MS = 30 * 60_000;
/** Of a camera that does not say how many pictures a second it brings. */
const USUAL_FPS = 15;
/** Times are whole milliseconds: a step that falls short of the next picture by one would show the same again. */
const SURELY_MS = 1;

export function PlaybackPage(): JSX.Element {
  const { query } = useAddress();
  const all = useCell(allCameras);
  const played = useMemo(() => playedOf(query), [query.toString()]);
  const cameras = played.cameras.length > 0 ? played.cameras : (all ?? []).slice(0, 1).map(cameraKey);
  const newest = useCallback(() => Date.now() + clockAhead.value - NEWEST_MS, []);
  const mayFetch = useMayFetch();
  const [head, setHead] = useState<Head>(() => ({ at: Math.min(played.at ?? newest() - 60_000, newest()), playing: mayFetch, speed: 1 }));
  const [view, setView] = useState<Stretch>(() => ({ from: head.at - VIEW_MS * 0.75, to: head.at + VIEW_MS * 0.25 }));
  const first = useRef(view);
  const past = usePast(cameras, view);
  const holds = useActiveHolds(cameras);
  const known = all !== undefined;
  const footage = useFootage((camera) => playsFootage(all?.find((one) => cameraKey(one) === camera)?.streams ?? []));
  const waiting = useRef(new Set<string>()).current;
  const onWait = useCallback((camera: string, waits: boolean) => void (waits ? waiting.add(camera) : waiting.delete(camera)), []);
  const rows = cameras.map((camera) => ({ camera, name: all?.find((one) => cameraKey(one) === camera)?.name ?? camera, past: past.get(camera) }));
  const drawn = rows.map((row) => ({ ...row, past: row.past ?? unknown }));
  const recorded = rows.map((row) => row.past?.recorded).filter((spans) => spans !== undefined);
  const surely = (at: number) => knownAt(rows.map((row) => row.past), at);
  useSteps(setHead, waiting, recorded, surely, newest);
  const fits = surely(head.at) && recorded.some((spans) => spans.length > 0);
  useEffect(() => {
    // once, and not where somebody has moved it already
    if (fits) setView((old) => (old === first.current ? (fitted(recorded, head.at, old) ?? old) : old));
  }, [fits]);
  useEffect(() => setView((old) => following(old, head.at)), [Math.floor(head.at / 1000)]);
  const seek = useCallback((at: number) => setHead((old) => ({ ...old, at: Math.min(at, newest()) })), []);
  // where there is nothing one stays, and sees why; played on, it would be gone on with at once
  const visit = (at: number) => {
    const empty = surely(at) && !recorded.some((spans) => coveredAt(spans, at));
    setHead((old) => ({ ...old, at: Math.min(at, newest()), playing: old.playing && !empty }));
  };
  const shown = (all ?? []).filter((camera) => cameras.includes(cameraKey(camera)));
  const frame = frameOf(shown);
  const columns = Math.ceil(Math.sqrt(cameras.length));
  const toggle = () => setHead((old) => ({ ...old, playing: mayFetch && !old.playing }));
  const step = (way: 1 | -1) => setHead((old) => ({ ...old, playing: false, at: Math.min(old.at + way * frame, newest()) }));
  const show = (chosen: readonly string[]) => go(playbackPath(chosen, head.at), { replace: true });
  const [line, say] = useSaid();
  const jump = useJump(cameras, head.at, seek, say);
  const nearest = (camera: string) => {
    nearestFootage(camera, head.at).then(
      (found) => (found === undefined ? say(text.playback.noneNear) : seek(found)),
      (error: unknown) => say(failureLine(error)),
    );
  };
  const [cut, setCut] = useState<Cut>();
  const marked = cut && spanOf(cut, head.at);
  const stop = () => setHead((old) => ({ ...old, playing: false }));
  const choose = () => {
    stop();
    setCut(cut ? undefined : { from: head.at, to: undefined });
  };
  useKeys({ toggle, step, jump, go: (by) => seek(head.at + by) });
  useAddressFollows(cameras, head);
  if (all?.length === 0) return <div class="page"><Empty icon="camera" title={text.live.none} more={text.live.noneMore} /></div>;
  return (
    <div class="page playback-page">
      <header class="page-head">
        <h1>{text.playback.title}</h1>
        <Picker
          name={text.playback.cameras}
          any={text.playback.cameras}
          options={(all ?? []).map((camera) => ({ value: cameraKey(camera), name: camera.name }))}
          chosen={cameras}
          onToggle={(key) => {
            const chosen = toggled(cameras, key);
            if (chosen.length > 0 && chosen.length <= MOST_CAMERAS) show(chosen);
          }}
          testid="playback-cameras"
        />
        <span class="spring" />
        <span class="sub keys">{text.playback.keys}</span>
      </header>
      <div class="played-tiles" style={{ "--columns": String(columns), "--rows": String(Math.ceil(cameras.length / columns)), "--shape": String(shapeOf(shown)) }}>
        <div class="played-grid">
          {rows.map(({ camera, name, past: ofCamera }) => (
            <PlayedTile
              key={camera}
              camera={camera}
              name={name}
              recorded={ofCamera?.recorded}
              head={head}
              footage={known ? footage : undefined}
              most={mostAhead(cameras.length)}
              mayFetch={mayFetch}
              holds={holding(holds, camera, { from: head.at, to: head.at })}
              onWait={onWait}
              onNearest={() => nearest(camera)}
              onRemove={cameras.length > 1 ? () => show(cameras.filter((other) => other !== camera)) : undefined}
            />
          ))}
        </div>
        <Said line={line} />
      </div>
      <div class="playback-foot">
        <Controls
          {...{ head, setHead, toggle, visit, jump, step, say, view, newest, mayFetch }}
          zoom={(factor) => setView(zoomed(view, factor, head.at))}
          rows={drawn}
          exporting={cut !== undefined}
          onExport={choose}
          proposal={() => (stop(), ofSpan(cameras, marked, view, centreNow()))}
        />
        <Exports chosen={marked} rows={rows} onOver={() => setCut(undefined)} />
        <Timeline rows={drawn} holds={holds} view={view} at={head.at} onView={setView} onSeek={visit} cut={marked} onCut={({ from, to }) => setCut({ from, to: Math.min(to, newest()) })} />
      </div>
    </div>
  );
}

/** How long a picture of the fastest camera stands, ms. */
function frameOf(cameras: readonly Camera[]): number {
  const rates = cameras.map(({ streams, fps }) => streams.find(({ stream }) => stream === "main")?.fps ?? fps ?? USUAL_FPS);
  return 1000 / Math.max(1, ...rates) + SURELY_MS;
}

/** Width by height of their pictures, when all have the same; else as most cameras have it. */
function shapeOf(cameras: readonly Camera[]): number {
  const shapes = cameras.flatMap(({ streams }) => streams.filter(({ stream, width, height }) => stream === "main" && width > 0 && height > 0).map(({ width, height }) => width / height));
  return shapes.length > 0 && shapes.every((one) => Math.abs(one - shapes[0]!) < 0.02) ? shapes[0]! : 16 / 9;
}

type SetHead = (change: (old: Head) => Head) => void;

/** Moves the playhead with every picture of the screen; where no camera has footage it goes on to the next, or stops where there is none. */
function useSteps(setHead: SetHead, waiting: ReadonlySet<string>, recorded: readonly Past["recorded"][], surely: (at: number) => boolean, newest: () => number): void {
  const known = useRef({ recorded, surely });
  known.current = { recorded, surely };
  useEffect(() => {
    let then = performance.now();
    let request = 0;
    const step = (now: number) => {
      const elapsed = now - then;
      then = now;
      setHead((old) => {
        const next = advanced(old, elapsed, waiting.size > 0, newest());
        if (!next.playing || !known.current.surely(next.at)) return next;
        const footage = nextFootage(known.current.recorded, next.at);
        if (footage !== undefined) return footage > next.at ? { ...next, at: footage } : next;
        return next.at < newest() - UNTOLD_MS ? { ...next, playing: false } : next;
      });
      request = requestAnimationFrame(step);
    };
    request = requestAnimationFrame(step);
    return () => cancelAnimationFrame(request);
  }, []);
}

interface Acts {
  toggle: () => void;
  step: (way: 1 | -1) => void;
  jump: (way: 1 | -1) => void;
  /** by so many milliseconds */
  go: (by: number) => void;
}

function useKeys(now: Acts): void {
  // a key that is pressed does what the page means at that moment
  const acts = useRef(now);
  acts.current = now;
  const press = (event: KeyboardEvent) => {
    if (typing(event) || (event.key === " " && (event.target as HTMLElement).closest?.("button, a"))) return;
    const { toggle, step, jump, go: by } = acts.current;
    const keys: Record<string, () => void> = {
      " ": toggle,
      ArrowLeft: () => by(-5_000),
      ArrowRight: () => by(5_000),
      ",": () => step(-1),
      ".": () => step(1),
      p: () => jump(-1),
      n: () => jump(1),
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  usePress(press, []);
}

/** To the event after or before, whether its mark is on the timeline or not; one at a time. */
function useJump(cameras: readonly string[], at: number, seek: (at: number) => void, say: (words: string) => void): (way: 1 | -1) => void {
  const busy = useRef(false);
  return (way) => {
    if (busy.current || cameras.length === 0) return;
    busy.current = true;
    eventFrom(cameras, at, way)
      .then(
        (begin) => (begin === undefined ? say(way > 0 ? text.playback.noneLater : text.playback.noneEarlier) : seek(begin - LEAD_MS)),
        (error: unknown) => say(failureLine(error)),
      )
      .finally(() => {
        busy.current = false;
      });
  };
}

/** Browsers refuse to have the address changed more than some three times a second, as a key that is held would. */
const SETTLED_MS = 300;

/** A stopped playhead stands in the address: what one sees can be sent. */
function useAddressFollows(cameras: readonly string[], head: Head): void {
  useEffect(() => {
    if (head.playing || cameras.length === 0) return undefined;
    const timer = setTimeout(() => go(playbackPath(cameras, head.at), { replace: true }), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [head.playing, Math.round(head.at), cameras.join()]);
}
