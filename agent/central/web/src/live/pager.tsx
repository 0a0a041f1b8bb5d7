/** Which of many cameras the wall shows: a page of them, or those with some words in their names. */

import type { JSX } from "preact";
import { go } from "../router";
import { text } from "../text";
import { Icon } from "../ui/icon";
import type { Part } from "./layouts";

const addressOf = (find: string, page: number): string => {
  const query = new URLSearchParams({ ...(find && { find }), ...(page > 1 && { page: String(page) }) }).toString();
  return query ? `/?${query}` : "/";
};

export function Pager({ part, find }: { part: Part; find: string }): JSX.Element {
  const words = text.live;
  const turn = (by: -1 | 1, name: string, icon: "back" | "forward") => (
    <button type="button" class="button icon-only" disabled={part.page + by < 1 || part.page + by > part.pages} onClick={() => go(addressOf(find, part.page + by), { replace: true })} aria-label={name} title={name} data-testid={`wall-${icon}`}>
      <Icon name={icon} size={16} />
    </button>
  );
  return (
    <div class="pager">
      <input class="text-input" type="search" value={find} placeholder={text.search.findCamera} aria-label={text.search.findCamera} onInput={(event) => go(addressOf(event.currentTarget.value, 1), { replace: true })} data-testid="wall-find" />
      {turn(-1, words.pageBefore, "back")}
      <span class="sub numbers" role="status" data-testid="wall-part">
        {words.part(part.from, part.to, part.all)}
      </span>
      {turn(1, words.pageAfter, "forward")}
    </div>
  );
}
