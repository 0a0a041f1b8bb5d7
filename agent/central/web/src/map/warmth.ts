/** Counts as colours: pure. */

/** From amber to red, as red, green and blue, by a share of the most. */
function warm(share: number): readonly [number, number, number] {
  return [255, Math.round(200 - 160 * share), Math.round(60 - 40 * share)];
}

/** What is seldom is told from nothing by a root. */
const shareOf = (count: number, most: number) => Math.sqrt(count / most);

/** Red, green, blue, alpha for each cell. */
export function warmth(cells: readonly number[]): Uint8ClampedArray<ArrayBuffer> {
  const most = Math.max(1, ...cells);
  const pixels = new Uint8ClampedArray(new ArrayBuffer(cells.length * 4));
  cells.forEach((count, i) => {
    const share = shareOf(count, most);
    pixels.set([...warm(share), count === 0 ? 0 : Math.round(50 + 150 * share)], i * 4);
  });
  return pixels;
}

/** A colour of the page and how much it covers, 0..1, for so many where `most` are the most. */
export function warmPaint(count: number, most: number): { colour: string; cover: number } {
  const share = shareOf(count, Math.max(1, most));
  return { colour: `rgb(${warm(share).join(" ")})`, cover: count === 0 ? 0 : 0.25 + 0.5 * share };
}
