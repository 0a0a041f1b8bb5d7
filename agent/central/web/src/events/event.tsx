/** One event: its picture, its clip from the gateway, what is known about it. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api/client";
import type { LamppostEvent, Track } from "../api/types";
import { useCell } from "../cell";
import { useActiveHolds } from "../holds/active";
import { HoldButton } from "../holds/button";
import { HeldMark } from "../holds/mark";
import { holding, spanOf } from "../holds/told";
import { proposalAround } from "../holds/wish";
import { livePath } from "../live/tile";
import { centreNow, onEvent, refetch } from "../news";
import { playbackPath } from "../playback/address";
import { LEAD_MS } from "../playback/time";
import { go, Link, useAddress } from "../router";
import { failureLine, kindName, labelName, text } from "../text";
import { Empty } from "../ui/empty";
import { Icon } from "../ui/icon";
import { typing, usePress } from "../ui/press";
import { Share } from "../ui/share";
import { SkeletonDetails } from "../ui/skeleton";
import { Belongs } from "./belongs";
import { Details } from "./details";
import { addressOf, cameraKey, filterOf, fits } from "./filter";
import { type Neighbours, neighboursOf } from "./neighbours";
import { EventPicture } from "./picture";
import { ClipPlayer } from "./player";
import type { ClipState } from "./progress";
import { Quality, useClips, useHeld } from "./quality";
import { AcknowledgeBar, ReviewPanel } from "./review";
import { Scenes } from "./scenes";
import { SpriteStrip } from "./sprite-strip";
import { ClipDownload, ClipProgress, ViewSwitch } from "./stage";
import { eventPlace } from "./words";

export function EventPage({ id }: { id: string }): JSX.Element {
  const { event, error } = useEvent(id);
  if (error) {
    const missing = error instanceof api.ApiError && error.code === "not_found";
    return (
      <div class="page">
        <Empty
          icon={missing ? "events" : "warning"}
          title={missing ? text.event.unknown : text.event.failed}
          more={missing ? text.event.unknownMore : failureLine(error)}
        >
          <Link class="button" href="/events">
            {text.event.back}
          </Link>
        </Empty>
      </div>
    );
  }
  return event ? <Loaded event={event} key={event.id} /> : <SkeletonDetails />;
}

function useEvent(id: string): { event: LamppostEvent | undefined; error: unknown } {
  const [found, set] = useState<{ event?: LamppostEvent; error?: unknown }>({});
  const generation = useCell(refetch);
  useEffect(() => {
    let stale = false;
    set((old) => (old.event?.id === id ? old : {}));
    api.event(id).then(
      (event) => !stale && set({ event }),
      (error: unknown) => !stale && set((old) => (old.event ? old : { error })),
    );
    const stop = onEvent((event) => event.id === id && set({ event }));
    return () => {
      stale = true;
      stop();
    };
  }, [id, generation]);
  return { event: found.event, error: found.error };
}

function Loaded({ event }: { event: LamppostEvent }): JSX.Element {
  const { shown: clip, coming, askFull, recoded, unplayable } = useClips(event);
  const held = useHeld(event);
  const tracks = useTracks(event);
  const holds = holding(useActiveHolds([cameraKey(event)]), cameraKey(event), spanOf({ start: event.start, end: event.end ?? event.start }));
  const [wanted, setWanted] = useState<"clip" | "picture">("clip");
  const place = eventPlace(event);
  return (
    <div class="page event-page">
      <EventHead event={event} />
      <div class="event-body">
        <section class="event-main" aria-label={text.event.clip}>
          <div class="event-stage">
            {wanted === "clip" && clip.state.name === "ready" ? (
              <ClipPlayer event={event} clip={clip.state.clip} url={clip.state.url} tracks={tracks} onUnplayable={unplayable} />
            ) : (
              <EventPicture event={event} eager />
            )}
            <HeldMark held={heldOf(event, wanted === "clip" ? clip.state : undefined)} by={holds} />
          </div>
          <div class="stage-bar">
            <ViewSwitch wanted={wanted} set={setWanted} />
            {clip.state.name === "ready" ? (
              wanted === "clip" && <Quality clip={clip.state.clip} askFull={askFull} recoded={recoded} />
            ) : (
              <ClipProgress {...clip} state={clip.state} held={held} />
            )}
            {coming && coming.state.name !== "ready" && <ClipProgress {...coming} state={coming.state} held={held} />}
            <span class="spring" />
            <Downloads event={event} state={clip.state} />
            <HoldButton proposal={() => proposalAround(event, centreNow())} />
          </div>
          <SpriteStrip tracks={tracks} />
          <Scenes event={event} />
        </section>
        <Details event={event} tracks={tracks}>
          <p class="event-lead">
            <strong>{kindName(event.kind)}</strong> {place}
          </p>
          <Link class="button" href={livePath(event)}>
            <Icon name="live" size={16} />
            {text.event.liveNow}
          </Link>
          <Link class="button" href={playbackPath([cameraKey(event)], Date.parse(event.start) - LEAD_MS)}>
            <Icon name="playback" size={16} />
            {text.nav.playback}
          </Link>
          <Belongs event={event} />
          <ReviewPanel event={event} />
        </Details>
      </div>
      <AcknowledgeBar event={event} />
    </div>
  );
}

/** What is shown says so itself: the clip once it is there, till then the picture. */
const heldOf = (event: LamppostEvent, clip: ClipState | undefined): boolean =>
  clip?.name === "ready" ? clip.clip.held : event.media.some(({ url, held }) => held && url === event.picture);

function EventHead({ event }: { event: LamppostEvent }): JSX.Element {
  const { query } = useAddress();
  const address = addressOf(filterOf(query));
  const near = useNeighbours(event, query);
  const path = (id: string | null) => id === null ? undefined : `/events/${encodeURIComponent(id)}${address}`;
  const [older, newer] = [path(near.older), path(near.newer)];
  useKeys(older, newer, `/events${address}`);
  return (
    <header class="page-head">
      <Link class="button quiet icon-only" href={`/events${address}`} aria-label={text.event.back} title={text.event.back}>
        <Icon name="back" />
      </Link>
      <h1>{event.label ? labelName(event.label) : kindName(event.kind)}</h1>
      <span class="sub">{event.camera_name}</span>
      {event.severity === "alarm" && <span class="tag bad">{text.events.alarm}</span>}
      {!event.end && <span class="tag accent">{text.events.ongoing}</span>}
      <span class="spring" />
      <span class="sub keys">{text.event.keys}</span>
      <nav class="pair" aria-label={text.events.title}>
        <Step href={newer} label={text.event.newer} icon="back" />
        <Step href={older} label={text.event.older} icon="forward" />
      </nav>
    </header>
  );
}

function Step({ href, label, icon }: { href: string | undefined; label: string; icon: "back" | "forward" }): JSX.Element {
  const inside: ComponentChildren = <Icon name={icon} size={16} />;
  return href ? (
    <Link class="button icon-only" href={href} aria-label={label} title={label}>
      {inside}
    </Link>
  ) : (
    <button type="button" class="button icon-only" disabled aria-label={label}>
      {inside}
    </button>
  );
}

function Downloads({ event, state }: { event: LamppostEvent; state: ClipState }): JSX.Element {
  const shared = state.name === "ready" ? state.url : event.picture;
  return (
    <>
      {event.picture && (
        <a class="button" href={api.downloadAddress(event.picture)} download title={text.event.downloadPicture} aria-label={text.event.downloadPicture}>
          <Icon name="camera" size={16} />
        </a>
      )}
      <ClipDownload state={state} />
      {shared && <Share url={shared} />}
    </>
  );
}

/** The event's tracks, with their paths; asked again when the event changes, because paths grow. */
function useTracks(event: LamppostEvent): readonly Track[] {
  const [tracks, set] = useState<readonly Track[]>([]);
  const key = `${event.tracks.join()} ${event.phase}`;
  useEffect(() => {
    let stale = false;
    if (event.tracks.length > 0) {
      api.eventTracks(event.id).then(
        (found) => !stale && set(found),
        () => undefined, // the page has picture and clip all the same
      );
    }
    return () => void (stale = true);
  }, [key]);
  return tracks;
}

function useNeighbours(event: LamppostEvent, query: URLSearchParams): Neighbours {
  const [near, set] = useState<Neighbours>({ older: null, newer: null, complete: false });
  const generation = useCell(refetch);
  const newer = useRef<string | null>(null);
  newer.current = near.newer;
  useEffect(() => {
    let stale = false;
    const filter = filterOf(query);
    const ask = () =>
      neighboursOf(event, filter).then(
        (found) => !stale && set(found),
        () => undefined, // the steps stay grey; the banner tells of the connection
      );
    void ask();
    // whoever looks at the newest event can go on as soon as there is a newer one
    const stop = onEvent((other) => !newer.current && other.id !== event.id && fits(filter, other, centreNow()) && void ask());
    return () => {
      stale = true;
      stop();
    };
  }, [event.id, generation]);
  return near;
}

function useKeys(older: string | undefined, newer: string | undefined, list: string): void {
  const press = (event: KeyboardEvent) => {
    if (typing(event)) return;
    if (event.key === "j" && older) go(older);
    else if (event.key === "k" && newer) go(newer);
    else if (event.key === "Escape" && !document.fullscreenElement) go(list);
  };
  usePress(press, [older, newer, list]);
}
