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

/** `columns` of null: as many as fill the area best; `large`: the first tile is larger than the others. */
export interface LayoutWish {
  columns: number | null;
  large: boolean;
}

/** The layout that covers the most of the area with `count` tiles; pixels. */
export function layoutFor(count: number, width: number, height: number, gap: number, wish?: LayoutWish): Layout {
  if (wish?.large && count > 1) return largeFor(count, width, height, gap, wish.columns);
  if (wish?.columns) return layoutOf(wish.columns, Math.max(1, Math.ceil(count / wish.columns)), 1, width, height, gap);
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

/** The first tile spans some columns and as many rows; the others stand around it. */
function largeFor(count: number, width: number, height: number, gap: number, wished: number | null): Layout {
  const found: Layout[] = [];
  for (let columns = wished ?? 2; columns <= (wished ?? Math.max(3, count)); columns += 1) {
    for (let hero = Math.min(2, columns); hero <= Math.min(4, columns); hero += 1) {
      const rows = Math.max(hero, Math.ceil((hero ** 2 + count - 1) / columns));
      found.push(layoutOf(columns, rows, hero, width, height, gap));
    }
  }
  return found.reduce((best, one) => (areaOf(one, count) > areaOf(best, count) ? one : best));
}

function layoutOf(columns: number, rows: number, hero: number, width: number, height: number, gap: number): Layout {
  const byWidth = (width - gap * (columns - 1)) / columns;
  const byHeight = ((height - gap * (rows - 1)) / rows) * RATIO;
  return { columns, rows, hero, tileWidth: Math.max(1, Math.floor(Math.min(byWidth, byHeight))) };
}

const areaOf = ({ tileWidth, hero }: Layout, count: number) => tileWidth ** 2 * (count - 1 + hero ** 2);
