/** Counts in little room: pure. */

/** `998`, `1.2k`, `34k`, `5.1M`. */
export function compact(count: number): string {
  for (const [scale, sign] of [[1e6, "M"], [1e3, "k"]] as const) {
    if (count >= scale * 0.9995) {
      const value = count / scale;
      return `${value < 9.95 ? Math.round(value * 10) / 10 : Math.round(value)}${sign}`;
    }
  }
  return String(count);
}
