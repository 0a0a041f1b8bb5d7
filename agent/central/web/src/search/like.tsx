/** Whom what is found should look like, and by what it is compared. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Track } from "../api/types";
import { Link } from "../router";
import { text } from "../text";
import { Moment } from "../time/time";
import { Icon } from "../ui/icon";
import { Shot, trackName, trackPath } from "./card";

interface Props {
  id: string;
  how: "appearance" | "colours" | undefined;
  drop: () => void;
}

export function LooksLike({ id, how, drop }: Props): JSX.Element {
  const [track, set] = useState<Track>();
  useEffect(() => {
    let stale = false;
    set(undefined);
    api.track(id).then((found) => !stale && set(found), () => undefined); // the results say what is wrong
    return () => void (stale = true);
  }, [id]);
  return (
    <section class="search-group" data-testid="looks-like">
      <h2>{text.search.like}</h2>
      <div class="looks-like">
        {track && (
          <Link href={trackPath(track)} class="looks-like-one">
            <Shot track={track} />
            <span>
              <strong>{trackName(track)}</strong>
              <Moment at={track.start} />
            </span>
          </Link>
        )}
        <button type="button" class="button quiet icon-only" aria-label={text.search.dropLike} title={text.search.dropLike} onClick={drop} data-testid="drop-like">
          <Icon name="close" size={14} />
        </button>
      </div>
      {how && <p class="sub" data-testid="alike-by">{text.search.alikeBy[how]}</p>}
    </section>
  );
}
