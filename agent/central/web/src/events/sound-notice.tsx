/** Says that the browser keeps wanted sounds back, and offers the one press that it waits for. */

import type { JSX } from "preact";
import { useCell } from "../cell";
import { text } from "../text";
import { Icon } from "../ui/icon";
import { allowSound, blocked } from "./sound";

/** Over the page: nothing moves when it comes and goes. */
export function SoundNotice(): JSX.Element {
  const silenced = useCell(blocked);
  return (
    <div role="status" class="sound-notice">
      {silenced && (
        <p class="panel" data-testid="sound-blocked">
          <Icon name="mute" />
          <span>
            <strong>{text.review.soundBlocked}</strong> {text.review.soundBlockedMore}
          </span>
          <button type="button" class="button primary" onClick={allowSound} data-testid="allow-sound">
            {text.review.soundAllow}
          </button>
        </p>
      )}
    </div>
  );
}
