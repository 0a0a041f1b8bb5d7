/** The icons: one stroke, 24 by 24, drawn here so that no font or sprite has to be fetched. */

import type { JSX } from "preact";

const PATHS = {
  live: "M3 6.5h12v11H3zM15 10.5l6-3.5v10l-6-3.5",
  events: "M4 6h16M4 12h16M4 18h10M19 15.5v5M16.5 18h5",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.3 15.3l5.2 5.2",
  system: "M4 5h16v6H4zM4 13h16v6H4zM7.5 8h.01M7.5 16h.01M11 8h5M11 16h5",
  account: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5",
  sun: "M12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  auto: "M12 3.5a8.5 8.5 0 1 0 0 17zM12 3.5a8.5 8.5 0 0 1 0 17",
  signOut: "M14 4H5v16h9M10 12h11M17.5 8.5L21 12l-3.5 3.5",
  expand: "M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7",
  close: "M5 5l14 14M19 5L5 19",
  back: "M15 5l-7 7 7 7",
  forward: "M9 5l7 7-7 7",
  play: "M7 4.5v15l12.5-7.5z",
  pause: "M6.5 5H10v14H6.5zM14 5h3.5v14H14z",
  stepBack: "M6 5v14M18 5v14l-8.5-7z",
  stepOn: "M18 5v14M6 5v14l8.5-7z",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  playback: "M3.5 12a8.5 8.5 0 1 0 2.6-6.1M3.5 4v4.5H8M10 8.8v6.4l5-3.2z",
  download: "M12 4v11M7 11l5 5 5-5M4 20h16",
  retry: "M20 12a8 8 0 1 1-2.5-5.8M20 3v4.5h-4.5",
  warning: "M12 3.5L2.5 20h19zM12 10v4.5M12 17.2v.1",
  filter: "M4 6h16M7 12h10M10 18h4",
  box: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4",
  zone: "M4 8.5L12 4l8 5-3 10H7z",
  camera: "M4 8h3.5l1.5-2.5h6L16.5 8H20v11H4zM12 16.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z",
  offline: "M3 3l18 18M9 6.5h6v4l6-3.5v10l-2-1.2M15 17.5H3v-11h1.5",
  check: "M5 12.5l4.5 4.5L19 7",
  record: "M12 17a5 5 0 1 0 0-10 5 5 0 0 0 0 10z",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 14.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6z",
  person: "M12 8a2.6 2.6 0 1 0 0-5.2A2.6 2.6 0 0 0 12 8zM8 21v-6.5H7V12c0-1.5 1-2.5 2.5-2.5h5c1.5 0 2.5 1 2.5 2.5v2.5h-1V21",
  vehicle: "M3 16.5v-4l2-1 2-4.5h9l3 4.5 2 1v4zM7 18.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM17 18.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z",
  object: "M4.5 8.5h15v11h-15zM8.5 8.5V6c0-1 .8-1.8 1.8-1.8h3.4c1 0 1.8.8 1.8 1.8v2.5",
  cycle: "M6 19a3.6 3.6 0 1 0 0-7.2A3.6 3.6 0 0 0 6 19zM18 19a3.6 3.6 0 1 0 0-7.2 3.6 3.6 0 0 0 0 7.2zM6 15.4l3.6-7h5.8l2.6 7M9.6 8.4l3.2 7M8.2 5.8h2.6M15.4 8.4l-.8-2.6h2.2",
  animal: "M4 9.5L6.5 6l2.5 2h5.5l4 1.2 2 2.8-1 3.5M5 9.8v4.7l1.5 1V20M9.5 15.5V20M16 15.5V20M6.5 15.5h9.8l2.2-1M18.5 15.5V20",
  map: "M3.5 6.5l5.5-2.5 6 2.5 5.5-2.5v13.5l-5.5 2.5-6-2.5-5.5 2.5zM9 4v13.5M15 6.5v13.5",
  incident: "M12 21s-6.5-6-6.5-11a6.5 6.5 0 0 1 13 0c0 5-6.5 11-6.5 11zM12 12.4a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8z",
  bell: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4M12 5V3",
  mute: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4M12 5V3M3.5 3.5l17 17",
  note: "M5 4h14v16H5zM8.5 8.5h7M8.5 12h7M8.5 15.5h4",
  alike: "M4 4h11v11H4zM9 15v5h11V9h-5",
  edit: "M4 20l1-4.5L16.5 4 20 7.5 8.5 19zM14 6.5l3.5 3.5",
  send: "M21 3L3 10.5l7 3.5 3.5 7zM21 3L10 14",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1.5 1.5M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1.5-1.5",
  hold: "M5.5 11h13v9.5h-13zM8.5 11V7.5a3.5 3.5 0 0 1 7 0V11M12 14.5v2.5",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.5M12 7.8v.1",
} as const;

export type IconName = keyof typeof PATHS;

const FILLED: ReadonlySet<IconName> = new Set<IconName>(["play", "pause", "record"]);

/** Decoration only: the words beside it, or the control's label, say what it means. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }): JSX.Element {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill={FILLED.has(name) ? "currentColor" : "none"}
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark: a lamppost and its light. */
export function Logo({ size = 32 }: { size?: number }): JSX.Element {
  return <img class="logo" src="/favicon.svg" width={size} height={size} alt="" />;
}
