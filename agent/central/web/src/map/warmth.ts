/** Counts as colours: pure. */

/** From amber to red, as red, green, blue, alpha for each cell; what is seldom is told from nothing by a root. */
export function warmth(cells: readonly number[]): Uint8ClampedArray<ArrayBuffer> {
  const most = Math.max(1, ...cells);
  const pixels = new Uint8ClampedArray(new ArrayBuffer(cells.length * 4));
  cells.forEach((count, i) => {
    const share = Math.sqrt(count / most);
    pixels.set([255, Math.round(200 - 160 * share), Math.round(60 - 40 * share), count === 0 ? 0 : Math.round(50 + 150 * share)], i * 4);
  });
  return pixels;
}
