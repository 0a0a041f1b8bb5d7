/** Links to media that one has handed over. */

import type { JSX } from "preact";
import * as api from "../api/people";
import { text } from "../text";
import { momentText } from "../time/time";
import { Problem, useDeed, useFetched } from "./deed";

export function Links(): JSX.Element {
  const words = text.accounts.me;
  const list = useFetched(api.links);
  const deed = useDeed();
  return (
    <>
      <p class="sub">{words.linksMore}</p>
      <ul class="lines" data-testid="links">
        {list.value?.length === 0 && <li class="sub">{words.noLinks}</li>}
        {list.value?.map((link) => (
          <li key={link.id}>
            <span class="grow">
              <strong>{link.note || link.media}</strong>
              <small>
                {words.tokenExpires}: {momentText(link.expires)} · {words.linkUses(link.uses)}
                {link.used && ` · ${words.tokenUsed(momentText(link.used))}`}
              </small>
            </span>
            <button type="button" class="button" disabled={deed.busy} onClick={() => void deed.run(() => api.takeBack(link.id)).then(list.again)}>
              {words.revoke}
            </button>
          </li>
        ))}
      </ul>
      {(deed.error ?? list.error) && <Problem>{deed.error ?? list.error}</Problem>}
    </>
  );
}
