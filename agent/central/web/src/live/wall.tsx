/** The home page: every camera live, the latest events beside them. */

import type { JSX, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Camera } from "../api/types";
import { useCell } from "../cell";
import { EventStrip } from "../events/strip";
import { cameras as allCameras } from "../news";
import { Link } from "../router";
import { text } from "../text";
import { Empty } from "../ui/empty";
import { Icon } from "../ui/icon";
import { type Layout, layoutFor } from "./layout";
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
  return (
    <div class="page live-page">
      <header class="page-head">
        <h1>{text.live.title}</h1>
        {cameras && cameras.length > 0 && <span class="sub">{text.live.online(online, cameras.length)}</span>}
      </header>
      <div class="live-body">
        {cameras?.length === 0 ? (
          <Empty icon="live" title={text.live.none} more={text.live.noneMore} />
        ) : (
          <Wall cameras={cameras} />
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

function Wall({ cameras }: { cameras: readonly Camera[] | undefined }): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const count = cameras?.length ?? 3;
  const layout = useLayout(frame, count);
  useEffect(() => {
    const style = frame.current?.firstElementChild as HTMLElement | null;
    if (!layout || !style) return;
    style.style.setProperty("--columns", String(layout.columns));
    style.style.setProperty("--tile", `${layout.tileWidth}px`);
    style.style.setProperty("--hero", String(layout.hero));
    // what the tiles leave free at the side goes to the events
    const wall = layout.columns * (layout.tileWidth + GAP) - GAP;
    frame.current!.parentElement!.style.setProperty("--wall", `${wall}px`);
  }, [layout, count]);
  return (
    <div class="wall" ref={frame}>
      <ul class={layout && layout.hero > 1 ? "tiles with-hero" : "tiles"} aria-label={text.live.wall} aria-busy={!cameras}>
        {cameras
          ? cameras.map((camera) => <Tile key={`${camera.site}/${camera.gateway}/${camera.camera}`} camera={camera} />)
          : Array.from({ length: count }, (_, i) => <li key={i} class="tile skeleton" />)}
      </ul>
    </div>
  );
}

function useLayout(frame: RefObject<HTMLElement | null>, count: number): Layout | undefined {
  const [layout, set] = useState<Layout>();
  useEffect(() => {
    const element = frame.current!;
    const measure = () => {
      const width = element.parentElement!.clientWidth - (window.innerWidth > STACKED ? STRIP : 0);
      set(window.innerWidth <= NARROW ? undefined : layoutFor(count, width, element.clientHeight, GAP));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [count]);
  return layout;
}
