/** When a gateway's cameras were not recorded over the last day, and why. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Camera } from "../api/types";
import { useCell } from "../cell";
import { cameraKey } from "../events/filter";
import { clockAhead, refetch } from "../news";
import { playbackPath } from "../playback/address";
import { LEAD_MS } from "../playback/time";
import { reasonText } from "../playback/tile";
import { Link } from "../router";
import { text } from "../text";
import { duration } from "../time/format";
import { Moment } from "../time/time";
import { type Gap, gapsOf } from "./gaps";

const DAY_MS = 86_400_000;
const AGAIN_MS = 60_000;
const MOST = 100;

interface Hole extends Gap {
  camera: Camera;
}

export function GapsPanel({ cameras }: { cameras: readonly Camera[] }): JSX.Element {
  const holes = useHoles(cameras);
  return (
    <section class="panel system-panel" aria-labelledby="gaps-title" data-testid="gaps" aria-busy={!holes}>
      <header>
        <h2 id="gaps-title">{text.system.gaps}</h2>
        <span class="sub">{text.system.lastDay}</span>
      </header>
      {holes?.length === 0 && <p class="system-none">{text.system.noGaps}</p>}
      {holes && holes.length > 0 && <GapTable holes={holes.slice(0, MOST)} />}
      {holes && holes.length > MOST && <p class="system-none">{text.system.moreGaps(holes.length - MOST)}</p>}
      {!holes && <div class="skeleton bar" />}
    </section>
  );
}

function GapTable({ holes }: { holes: readonly Hole[] }): JSX.Element {
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={text.system.gaps}>
      <table>
        <thead>
          <tr>
            <th scope="col">{text.system.camera}</th>
            <th scope="col">{text.system.gapFrom}</th>
            <th scope="col">{text.system.gapLength}</th>
            <th scope="col">{text.system.waitWhy}</th>
          </tr>
        </thead>
        <tbody>
          {holes.map(({ camera, from, to, reason }) => (
            <tr key={`${camera.camera} ${from}`} data-testid="gap-row">
              <th scope="row">{camera.name}</th>
              <td>
                <Link class="gap-link" href={playbackPath([cameraKey(camera)], from - LEAD_MS)}>
                  <Moment at={new Date(from).toISOString()} />
                </Link>
              </td>
              <td class={to === undefined ? "bad" : ""}>{to === undefined ? text.system.gapGoesOn : duration((to - from) / 1000)}</td>
              <td>{reasonText(reason)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The newest first; undefined until all cameras are known of. */
function useHoles(cameras: readonly Camera[]): readonly Hole[] | undefined {
  const [holes, set] = useState<readonly Hole[]>();
  const generation = useCell(refetch);
  const key = cameras.map(cameraKey).join();
  useEffect(() => {
    let over = false;
    const load = async () => {
      if (document.hidden) return;
      const now = Date.now() + clockAhead.value;
      const [start, end] = [new Date(now - DAY_MS).toISOString(), new Date(now).toISOString()];
      const each = await Promise.all(cameras.map(async (camera) => gapsOf((await api.recorded(camera, start, end)).spans, now).map((gap): Hole => ({ ...gap, camera }))));
      if (!over) set(each.flat().sort((a, b) => b.from - a.from));
    };
    const look = () => void load().catch(() => undefined); // the banner tells of a lost centre
    look();
    const timer = setInterval(look, AGAIN_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [key, generation]);
  return holes;
}
