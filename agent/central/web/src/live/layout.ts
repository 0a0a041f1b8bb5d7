/** How tiles of 16:9 fill a wall: pure. */

export interface Layout {
  columns: number;
  rows: number;
  /** the first tile spans this many columns and rows */
  hero: number;
  tileWidth: number;
}

const RATIO = 16 / 9;

/** One large tile and the others around it: 3 (1 + 2 below), 6 (1 + 5), 8 (1 + 7), 10 (1 + 9). */
const HEROES: Record<number, readonly [columns: number, rows: number, hero: number]> = {
  3: [2, 3, 2],
  6: [3, 3, 2],
  8: [4, 4, 3],
  10: [5, 5, 4],
};

/** The layout that covers the most of the area with `count` tiles; pixels. */
export function layoutFor(count: number, width: number, height: number, gap: number): Layout {
  let best = layoutOf(1, Math.max(1, count), 1, width, height, gap);
  let bestArea = areaOf(best, count);
  const consider = (layout: Layout) => {
    const area = areaOf(layout, count);
    if (area > bestArea) [best, bestArea] = [layout, area];
  };
  for (let columns = 2; columns <= count; columns += 1) {
    consider(layoutOf(columns, Math.ceil(count / columns), 1, width, height, gap));
  }
  const hero = HEROES[count];
  if (hero) consider(layoutOf(...hero, width, height, gap));
  return best;
}

function layoutOf(columns: number, rows: number, hero: number, width: number, height: number, gap: number): Layout {
  const byWidth = (width - gap * (columns - 1)) / columns;
  const byHeight = ((height - gap * (rows - 1)) / rows) * RATIO;
  return { columns, rows, hero, tileWidth: Math.max(1, Math.floor(Math.min(byWidth, byHeight))) };
}

const areaOf = ({ tileWidth, hero }: Layout, count: number) => tileWidth ** 2 * (count - 1 + hero ** 2);
