/** Where on the map the names of streets and places stand: pure. Pixels, from its top left. */

export type Spot = readonly [x: number, y: number];

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Names are looked for a place this far apart. */
const STEP_PX = 24;
/** Between two names, and between one and the edge. */
const AIR_PX = 4;

export const boxAround = ([x, y]: Spot, [width, height]: Spot): Box => ({ left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 });

const apart = (a: Box, b: Box) => a.right + AIR_PX <= b.left || b.right + AIR_PX <= a.left || a.bottom + AIR_PX <= b.top || b.bottom + AIR_PX <= a.top;
const within = (a: Box, frame: Box) => a.left >= frame.left + AIR_PX && a.right <= frame.right - AIR_PX && a.top >= frame.top + AIR_PX && a.bottom <= frame.bottom - AIR_PX;

/** Points along a way, `STEP_PX` apart, its ends among them. */
export function along(way: readonly Spot[]): Spot[] {
  const steps = way.slice(1).flatMap(([x, y], i) => {
    const [fromX, fromY] = way[i] as Spot;
    const count = Math.max(1, Math.ceil(Math.hypot(x - fromX, y - fromY) / STEP_PX));
    return Array.from({ length: count }, (_, n): Spot => [fromX + ((x - fromX) * n) / count, fromY + ((y - fromY) * n) / count]);
  });
  return [...steps, ...way.slice(-1)];
}

/**
 * The middle of a name of that size: at one of `spots`, whole on the screen and clear of what is `taken`, as near as can
 * be to the middle of those at which it is whole. Undefined where there is none.
 */
export function placed(spots: readonly Spot[], size: Spot, frame: Box, taken: readonly Box[]): Spot | undefined {
  const whole = spots.filter((spot) => within(boxAround(spot, size), frame));
  const middle = (whole.length - 1) / 2;
  const free = whole.map((spot, i) => ({ spot, off: Math.abs(i - middle) })).filter(({ spot }) => taken.every((box) => apart(boxAround(spot, size), box)));
  return free.sort((a, b) => a.off - b.off)[0]?.spot;
}
