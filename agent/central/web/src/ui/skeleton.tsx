/** Cards that are still on their way: their shapes, breathing. */

import type { JSX } from "preact";
import { text } from "../text";

interface Props {
  /** classes of the list, of a card, and of its picture */
  list: string;
  card: string;
  picture: string;
}

export const SkeletonCards = ({ list, card, picture }: Props): JSX.Element => (
  <ul class={`${list} skeletons`} aria-label={text.loading} aria-busy="true">
    {Array.from({ length: 12 }, (_, i) => (
      <li key={i} class={card}>
        <div class={`${picture} skeleton`} />
        <div class="card-text">
          <div class="skeleton bar" />
          <div class="skeleton bar short" />
        </div>
      </li>
    ))}
  </ul>
);

/** One thing on its way: its picture, and what is known of it beside that. */
export const SkeletonDetails = ({ page = "", ...rest }: { page?: string; "data-testid"?: string }): JSX.Element => (
  <div class={`page event-page ${page}`} aria-busy="true" aria-label={text.loading} {...rest}>
    <header class="page-head">
      <div class="skeleton bar" />
    </header>
    <div class="event-body">
      <div class="event-stage skeleton" />
      <aside class="panel details">
        <div class="skeleton bar" />
        <div class="skeleton bar short" />
        <div class="skeleton bar" />
      </aside>
    </div>
  </div>
);
