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
  /** height of the whole grid, px */
  whole: number;
}

/** Rows kept beyond the screen on both sides: a flick of the wheel finds them there. */
const BEYOND = 3;

/** Always as many rows, so that one goes as another comes: to draw the screen anew costs the same for both as for one. */
export function shown({ width, above, height, count }: Grid, least: number, row: number, gap: number): Shown {
  const columns = Math.max(1, Math.floor((width + gap) / (least + gap)));
  const rows = Math.ceil(count / columns);
  const top = Math.floor(above / row);
  const first = Math.min(Math.max(0, top - BEYOND), Math.max(0, rows - 1));
  const last = Math.min(rows, Math.max(first, top + Math.ceil(height / row) + 1 + BEYOND));
  return { columns, from: first * columns, to: Math.min(count, last * columns), whole: Math.max(0, rows * row - gap) };
}
