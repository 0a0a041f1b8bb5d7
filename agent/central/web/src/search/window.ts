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
  /** of everything before `from`, and of the whole grid, px */
  before: number;
  whole: number;
}

/** Rows kept beyond the screen on both sides: a flick of the wheel finds them there. */
const BEYOND = 3;

export function shown({ width, above, height, count }: Grid, least: number, row: number, gap: number): Shown {
  const columns = Math.max(1, Math.floor((width + gap) / (least + gap)));
  const rows = Math.ceil(count / columns);
  const first = Math.min(Math.max(0, Math.floor(above / row) - BEYOND), Math.max(0, rows - 1));
  const last = Math.min(rows, Math.max(first, Math.ceil((above + height) / row) + BEYOND));
  return { columns, from: first * columns, to: Math.min(count, last * columns), before: first * row, whole: Math.max(0, rows * row - gap) };
}
