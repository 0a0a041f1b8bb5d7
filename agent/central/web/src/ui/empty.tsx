/** A place with nothing in it says why, and what to do. */

import type { ComponentChildren, JSX } from "preact";
import { Icon, type IconName } from "./icon";

interface Props {
  icon: IconName;
  title: string;
  more: string;
  children?: ComponentChildren;
}

export function Empty({ icon, title, more, children }: Props): JSX.Element {
  return (
    <div class="empty">
      <Icon name={icon} size={32} />
      <h2>{title}</h2>
      <p>{more}</p>
      {children}
    </div>
  );
}
