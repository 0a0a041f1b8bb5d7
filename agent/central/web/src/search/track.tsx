/** One track: its clip from the gateway, its way through the picture, all its shots, and who else came by then. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Track } from "../api/types";
import { useCell } from "../cell";
import { useClip } from "../events/clip";
import { clean } from "../events/colours";
import { cameraKey } from "../events/filter";
import { lookRows, speedText } from "../events/looks";
import { useRecoding } from "../events/fetching";
import { ClipPlayer } from "../events/player";
import { Quality } from "../events/quality";
import { SpriteStrip } from "../events/sprite-strip";
import { ClipDownload, ClipProgress, ViewSwitch } from "../events/stage";
import { useActiveHolds } from "../holds/active";
import { HoldButton } from "../holds/button";
import { HeldMark } from "../holds/mark";
import { holding, spanOf } from "../holds/told";
import { proposalAround } from "../holds/wish";
import { livePath } from "../live/tile";
import { cameras as allCameras, centreNow, refetch } from "../news";
import { playbackPath } from "../playback/address";
import { LEAD_MS } from "../playback/time";
import { go, Link, useAddress } from "../router";
import { directionName, failureLine, number, text } from "../text";
import { length } from "../time/format";
import { Moment } from "../time/time";
import { Empty } from "../ui/empty";
import { Icon } from "../ui/icon";
import { Share } from "../ui/share";
import { typing, usePress } from "../ui/press";
import { type Row, Rows } from "../ui/rows";
import { SkeletonDetails } from "../ui/skeleton";
import { type Brief, briefly } from "./brief";
import { TrackCard, trackName } from "./card";
import { addressOf, alike, queryOf, searchOf } from "./filter";
import { comeBackTo } from "./kept";
import { isAlike } from "./alike";
import { around, MOST, neighbours, type Span, spanAfter, spanBefore } from "./around";
import { WatchFor } from "./watch";
import { Way } from "./way";

export function TrackPage({ id }: { id: string }): JSX.Element {
  const { track, error } = useTrack(id);
  if (error !== undefined) {
    const missing = error instanceof api.ApiError && error.code === "not_found";
    return (
      <div class="page">
        <Empty icon={missing ? "search" : "warning"} title={missing ? text.track.unknown : text.track.failed} more={missing ? text.track.unknownMore : failureLine(error)}>
          <Link class="button" href="/search">
            {text.track.back}
          </Link>
        </Empty>
      </div>
    );
  }
  return track ? <Loaded track={track} key={track.id} /> : <SkeletonDetails page="track-page" data-testid="track-skeleton" />;
}

function useTrack(id: string): { track: Track | undefined; error: unknown } {
  const [found, set] = useState<{ track?: Track; error?: unknown }>({});
  const generation = useCell(refetch);
  useEffect(() => {
    let stale = false;
    set((old) => (old.track?.id === id ? old : {}));
    api.track(id).then(
      (track) => !stale && set({ track }),
      (error: unknown) => !stale && set((old) => (old.track ? old : { error })),
    );
    return () => void (stale = true);
  }, [id, generation]);
  return { track: found.track, error: found.error };
}

function Loaded({ track }: { track: Track }): JSX.Element {
  const span = around(track);
  const { recoded, turnedOut } = useRecoding(track);
  const wish = { site: track.site, gateway: track.gateway, camera: track.camera, ...span, quality: recoded ? ("proxy" as const) : ("auto" as const), exact: true };
  const clip = useClip({ ...track, ...span, key: recoded === undefined ? "" : `${track.id} ${wish.quality}`, clip: null, ask: () => api.cutClip(wish) });
  const holds = holding(useActiveHolds([cameraKey(track)]), cameraKey(track), spanOf(track));
  const [wanted, setWanted] = useState<"clip" | "picture">("clip");
  return (
    <div class="page event-page track-page">
      <Head track={track} />
      <div class="event-body">
        <section class="event-main" aria-label={text.event.clip}>
          <div class="event-stage">
            {wanted === "clip" && clip.state.name === "ready" ? (
              <ClipPlayer event={{ ...track, time: track.start, box: null }} clip={clip.state.clip} url={clip.state.url} tracks={[track]} onUnplayable={turnedOut} />
            ) : (
              <Way track={track} />
            )}
            <HeldMark held={wanted === "clip" && clip.state.name === "ready" ? clip.state.clip.held : track.media.some(({ held }) => held)} by={holds} />
          </div>
          <div class="stage-bar">
            <ViewSwitch wanted={wanted} set={setWanted} picture={text.track.way} />
            {clip.state.name !== "ready" && <ClipProgress state={clip.state} retry={clip.retry} />}
            {clip.state.name === "ready" && clip.state.clip.quality === "proxy" && <Quality clip={clip.state.clip} askFull={undefined} recoded={recoded === true} />}
            <span class="spring" />
            <ClipDownload state={clip.state} />
            {clip.state.name === "ready" && <Share url={clip.state.url} />}
          </div>
          <Shots track={track} />
          <SpriteStrip tracks={[track]} />
        </section>
        <Facts track={track} />
      </div>
      <Others track={track} />
    </div>
  );
}

function Head({ track }: { track: Track }): JSX.Element {
  const { query } = useAddress();
  const address = addressOf(searchOf(query));
  const back = `/search${address}`;
  usePress((event) => {
    if (event.key !== "Escape" || typing(event) || document.fullscreenElement) return;
    comeBackTo(address);
    go(back);
  }, [address]);
  return (
    <header class="page-head">
      <Link class="button quiet icon-only" href={back} onClickCapture={() => comeBackTo(address)} aria-label={text.track.back} title={text.track.back} data-testid="track-back">
        <Icon name="back" />
      </Link>
      <h1>{trackName(track)}</h1>
      {!track.final && <span class="tag accent">{text.track.goesOn}</span>}
      <span class="sub">{track.camera_name}</span>
      <span class="spring" />
      <span class="head-break" />
      <Link class="button" href={`/search${addressOf(alike(track))}`} data-testid="find-alike">
        <Icon name="search" size={16} />
        {text.track.alike}
      </Link>
      <WatchFor track={track} />
      <HoldButton proposal={() => proposalAround(track, centreNow())} />
      <Link class="button" href={playbackPath([cameraKey(track)], Date.parse(track.start) - LEAD_MS)}>
        <Icon name="playback" size={16} />
        <span class="only-wide">{text.nav.playback}</span>
      </Link>
      <Link class="button" href={livePath(track)}>
        <Icon name="live" size={16} />
        <span class="only-wide">{text.event.liveNow}</span>
      </Link>
    </header>
  );
}

function Shots({ track }: { track: Track }): JSX.Element | null {
  const shots = track.media.filter(({ kind, url }) => kind === "snapshot" && url !== null);
  if (shots.length === 0) return null;
  return (
    <ul class="scenes track-shots" aria-label={text.track.shots} data-testid="track-shots">
      {shots.map(({ id, url }) => (
        <li key={id}>
          <a href={url!} target="_blank" rel="noopener">
            <img src={url!} alt={text.events.pictureOf(trackName(track), track.camera_name)} loading="lazy" decoding="async" />
          </a>
        </li>
      ))}
    </ul>
  );
}

function Facts({ track }: { track: Track }): JSX.Element {
  const rows: [string, Row[1] | false | null][] = [
    [text.event.camera, track.camera_name],
    [text.event.gateway, `${track.site} · ${track.gateway}`],
    [text.event.speed, speedText(track.speed, track.speed_unit)],
    [text.event.direction, track.direction && directionName(track.direction)],
    [text.track.size, track.size_m && `${track.size_m.map((metres) => number(metres, 1)).join(" × ")} m`],
    [text.track.plate, track.plate],
    [text.event.place, track.position],
    [text.event.confidence, `${Math.round(track.score * 100)} %`],
    ...lookRows(clean(track.colours), track.attributes),
    ...Object.entries(track.dwell).map(([zone, seconds]): Row => [text.track.inZone(zone), length(seconds)]),
    [text.track.id, <code class="id">{track.id}</code>],
  ];
  const times: Row[] = [
    [text.track.first, <Moment at={track.start} />],
    [text.track.last, <Moment at={track.end} />],
    [text.event.dwell, length((Date.parse(track.end) - Date.parse(track.start)) / 1000)],
  ];
  return (
    <aside class="panel details" aria-label={text.event.details} data-testid="track-details">
      <Rows title={text.event.times} rows={times} />
      <Rows title={text.event.details} rows={rows.filter((row): row is Row => row[1] !== null && row[1] !== false && row[1] !== "")} />
    </aside>
  );
}

function Others({ track }: { track: Track }): JSX.Element | null {
  const { before, after } = useOthers(track);
  if (before.length + after.length === 0) return null;
  return (
    <section class="others" aria-label={text.track.others} data-testid="others">
      <h2>{text.track.others}</h2>
      {([["before", before], ["after", after]] as const).map(
        ([name, some]) =>
          some.length > 0 && (
            <div key={name} data-testid={`others-${name}`}>
              <h3>{text.track[name]}</h3>
              {some.some(isAlike) ? (
                <ul class="shots">
                  {some.filter(isAlike).map((other) => (
                    <TrackCard key={other.id} track={other} />
                  ))}
                </ul>
              ) : (
                <p class="sub">{text.track.nobodyAlike(some.length)}</p>
              )}
            </div>
          ),
      )}
    </section>
  );
}

interface Around {
  before: readonly Brief[];
  after: readonly Brief[];
}

/** Who was at the neighbouring cameras a little before and after, and looks most like this one. */
function useOthers(track: Track): Around {
  const [found, set] = useState<Around>({ before: [], after: [] });
  const cameras = useCell(allCameras);
  const near = cameras && neighbours(track, cameras).map(cameraKey);
  useEffect(() => {
    let stale = false;
    if (!near || near.length === 0) return;
    const ask = (span: Span) => api.tracks(queryOf({ ...alike(track), cameras: near, ...span }, Date.now(), MOST)).then(briefly);
    Promise.all([ask(spanBefore(track)), ask(spanAfter(track))]).then(
      ([before, after]) => !stale && set({ before: before.items, after: after.items }),
      () => undefined, // the page is whole without them; the banner tells of the connection
    );
    return () => void (stale = true);
  }, [track.id, near?.join()]);
  return found;
}
