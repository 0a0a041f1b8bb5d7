/** Counts in little room, shares as a person writes them: pure. */

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

/** `25` for 0.25, for a field whose unit is %. */
export const percentText = (share: number | undefined): string => (share === undefined ? "" : String(Math.round(share * 10_000) / 100));

/** Of a field in %; undefined when nothing stands there. */
export const shareOf = (said: string): number | undefined => (said === "" || Number.isNaN(Number(said)) ? undefined : Math.min(10_000, Math.max(0, Math.round(Number(said) * 100))) / 10_000);
