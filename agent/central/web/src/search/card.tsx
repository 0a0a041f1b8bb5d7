/** One track among the results: its best shot, what it is, when and where. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Track } from "../api/types";
import { ColourDots } from "../events/chips";
import { Link } from "../router";
import { labelName, text } from "../text";
import { Moment } from "../time/time";
import { Icon } from "../ui/icon";
import type { Brief } from "./brief";
import { addressOf, alike } from "./filter";
import type { Place } from "./grid";

export const trackPath = ({ id }: { id: string }) => `/search/${encodeURIComponent(id)}`;
export const trackName = ({ kind, label }: Pick<Track, "kind" | "label">) => labelName(kind || label);

export function TrackCard({ track, address = "", place }: { track: Brief; address?: string; place?: Place }): JSX.Element {
  return (
    <li class="card shot-card" {...(place && { style: place })} data-testid="track-card" data-track={track.id}>
      <Link class="card-link" href={trackPath(track) + address}>
        <Shot track={track} />
        <div class="card-text">
          <div class="card-title">
            <strong>{trackName(track)}</strong>
            <ColourDots colours={track.colours} />
          </div>
          <div class="card-sub">
            <Moment at={track.start} />
            <span class="card-camera">{track.camera_name}</span>
          </div>
        </div>
      </Link>
      {track.likeness !== null && (
        <span class="card-likeness numbers" title={text.track.likeness(Math.round(100 * track.likeness))} data-testid="likeness">
          {Math.round(100 * track.likeness)} %
        </span>
      )}
      <Link class="card-alike" href={`/search${addressOf(alike(track))}`} aria-label={text.track.alike} title={text.track.alike} data-testid="card-alike">
        <Icon name="alike" size={16} />
      </Link>
    </li>
  );
}

export function Shot({ track }: { track: Pick<Track, "picture" | "kind" | "label" | "camera_name"> }): JSX.Element {
  const [broken, setBroken] = useState(false);
  if (!track.picture || broken) {
    return (
      <div class="shot none">
        <Icon name="camera" size={22} />
        <span>{text.events.noSnapshot}</span>
      </div>
    );
  }
  return (
    <div class="shot">
      <img
        fetchpriority="low" // dozens of them: what is asked meanwhile goes before those that wait
        src={track.picture}
        alt={text.events.pictureOf(trackName(track), track.camera_name)}
        loading="lazy"
        decoding="async"
        onError={() => setBroken(true)}
      />
    </div>
  );
}
