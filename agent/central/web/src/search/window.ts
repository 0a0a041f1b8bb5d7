/** Which rows of a long grid have to be there: pure. */

export interface Grid {
  /** px */
  width: number;
  /** of the grid's top over the top of the screen, px */
  above: number;
  /** of the screen, px */
  height: number;
  count: number;
}

export interface Shown {
  columns: number;
  /** first item, and one past the last */
  from: number;
  to: number;
  /** of those on the screen: the first, and one past the last */
  seenFrom: number;
  seenTo: number;
  /** height of the whole grid, px */
  whole: number;
}

/** Rows kept beyond the screen on both sides: a flick of the wheel finds them there. */
const BEYOND = 3;

/** Always as many rows, so that one goes as another comes: to draw the screen anew costs the same for both as for one. */
export function shown({ width, above, height, count }: Grid, least: number, row: number, gap: number): Shown {
  const columns = Math.max(1, Math.floor((width + gap) / (least + gap)));
  const rows = Math.ceil(count / columns);
  const within = (at: number) => Math.min(Math.max(0, at), Math.max(0, rows - 1));
  const top = Math.floor(above / row);
  const bottom = top + Math.ceil(height / row) + 1;
  const first = within(top - BEYOND);
  const item = (end: number) => Math.min(count, Math.min(rows, Math.max(first, end)) * columns);
  return { columns, from: first * columns, to: item(bottom + BEYOND), seenFrom: within(top) * columns, seenTo: item(bottom), whole: Math.max(0, rows * row - gap) };
}

/** So much of a row comes in each picture. */
const SHARE = 1 / 3;

/** What is there in the next picture, on the way to what should be: a row that comes at once costs that picture its time. */
export function towards(wanted: Shown, now: Shown | undefined): Shown {
  if (!now || now.columns !== wanted.columns || now.from > wanted.seenFrom || now.to < wanted.seenTo) return wanted;
  const most = Math.ceil(wanted.columns * SHARE);
  const step = (at: number, to: number) => at + Math.max(-most, Math.min(most, to - at));
  return { ...wanted, from: step(now.from, wanted.from), to: step(now.to, wanted.to) };
}
