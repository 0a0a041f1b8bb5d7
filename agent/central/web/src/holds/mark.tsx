/** Over a picture: that it is held, and why. */

import type { JSX } from "preact";
import type { Hold } from "../api/types";
import { text } from "../text";
import { Icon } from "../ui/icon";
import { reasonsOf } from "./told";

interface Props {
  /** what the picture or clip itself says */
  held?: boolean;
  /** the holds that cover it, as far as they are known */
  by: readonly Hold[];
}

/** It lies over the picture: nothing moves when it comes. */
export function HeldMark({ held = false, by }: Props): JSX.Element | null {
  if (!held && by.length === 0) return null;
  const why = reasonsOf(by);
  return (
    <span class="held-mark" title={why ? text.holds.markWhy(why) : text.holds.mark} data-testid="held-mark">
      <Icon name="hold" size={14} />
      <span>{why ? text.holds.markWhy(why) : text.holds.mark}</span>
    </span>
  );
}
