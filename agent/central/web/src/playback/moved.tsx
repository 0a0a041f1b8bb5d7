/** How much moved before a camera, along its row of the timeline; in words at the playhead. */

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { text } from "../text";
import { columns, type Motion, seen, stirring } from "./motion";
import type { Stretch } from "./time";

/** The page is drawn with every step of the playhead, nine rows of it: what has not changed is the very same vnode. */
export function MotionStrip({ motion, view }: { motion: Motion | undefined; view: Stretch }): JSX.Element | null {
  const path = useMemo(() => motion && columns(motion), [motion]);
  return useMemo(
    () =>
      motion && path ? (
        <svg class="moved" viewBox={seen(motion, view)} preserveAspectRatio="none" aria-hidden="true" data-testid="moved">
          <path d={path}>
            <title>{text.playback.motion.title}</title>
          </path>
        </svg>
      ) : null,
    [motion, path, view.from, view.to],
  );
}

/** What the timeline says beside the time; empty when nobody looked. */
export const motionText = (rows: Parameters<typeof stirring>[0], at: number): string =>
  stirring(rows, at).map(({ name, degree }) => text.playback.motion.at(name, text.playback.motion[degree])).join(", ");
