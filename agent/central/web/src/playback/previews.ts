/** Small pictures of a time that is looked at, on sheets that everybody shares: which sheet, which picture. Pure. */

import { type Recorded, type Stretch } from "./time";

/** Seconds between the pictures of a sheet; others the centre does not take. */
export const STEPS_S = [2, 5, 10, 30, 60, 300, 600, 1800, 3600] as const;
export type StepS = (typeof STEPS_S)[number];
const PER_SHEET = 24;
/** So many a view has at most. */
const MOST_OF_VIEW = 36;
/** As far from a moment a picture may be; the gateway takes none that is further off from its own. */
const NEAR_MS = 10_000;
/** What is being recorded just now is told of a segment late. */
const UNTOLD_MS = 90_000;
const SETTLED_MS = 15_000;
/** A sheet of what is still being recorded is good for so long, or for one of its steps. */
export const SAME_AGAIN_MS = 20_000;

/** A sheet of one camera. */
export interface Sheet extends Stretch {
  camera: string;
  step: StepS;
}

/** What a sheet says of itself: its pictures stand row by row. */
export interface Drawn {
  columns: number;
  width: number;
  height: number;
  /** ms since 1970, in order */
  at: readonly number[];
}

export function stepOf(view: Stretch): StepS {
  const wanted = (view.to - view.from) / 1000 / MOST_OF_VIEW;
  return STEPS_S.find((step) => step >= wanted) ?? STEPS_S.at(-1)!;
}

/** As the centre cuts time into sheets. */
export function sheetOf(camera: string, at: number, step: StepS): Sheet {
  const length = PER_SHEET * step * 1000;
  const from = Math.floor(at / length) * length;
  return { camera, step, from, to: from + length };
}

export const keyOf = (sheet: Sheet) => `${sheet.camera} ${sheet.step} ${sheet.from}`;

/** Was it asked for while its time was still being recorded, and is there more by now? */
export function grown(sheet: Sheet, askedAt: number, now: number): boolean {
  return askedAt < sheet.to + SETTLED_MS && now - askedAt > Math.max(sheet.step * 1000, SAME_AGAIN_MS);
}

/** May there be footage at that moment, as far as is known? `now` is the centre's. */
export function mayShow(recorded: readonly Recorded[], at: number, now: number): boolean {
  return at > now - UNTOLD_MS || recorded.some(({ from, to }) => from - NEAR_MS <= at && at <= to + NEAR_MS);
}

/** The number of the picture that is nearest to a moment. */
export function nearestTo(drawn: Drawn, at: number): number | undefined {
  let best: number | undefined;
  drawn.at.forEach((one, i) => {
    if (best === undefined || Math.abs(one - at) < Math.abs(drawn.at[best]! - at)) best = i;
  });
  return best;
}

/** The number of the picture that is nearest to a moment, if it shows that moment. */
export function pictureAt(drawn: Drawn, at: number, step: StepS): number | undefined {
  const best = nearestTo(drawn, at);
  return best !== undefined && Math.abs(drawn.at[best]! - at) <= (step * 1000) / 2 + NEAR_MS ? best : undefined;
}

/** What may stand in for a picture that is on its way. */
export interface Stand<T> {
  at: number;
  what: T;
}

/** The nearest of them to a moment; one that is far off would show something else altogether. */
export function standIn<T>(all: readonly Stand<T>[], at: number, farMs: number): Stand<T> | undefined {
  const near = all.filter((one) => Math.abs(one.at - at) <= farMs);
  return near.reduce<Stand<T> | undefined>((best, one) => (best && Math.abs(best.at - at) <= Math.abs(one.at - at) ? best : one), undefined);
}

export const placeOf = (drawn: Drawn, number: number) => ({ x: (number % drawn.columns) * drawn.width, y: Math.floor(number / drawn.columns) * drawn.height });

const COMMENT = 0xfffe;
const NAME = "LMPP";

/** What a sheet's first segment says; nothing when it is no sheet, or another version's. */
export function drawnOf(jpeg: ArrayBuffer): Drawn | undefined {
  const view = new DataView(jpeg);
  if (view.byteLength < 6 + NAME.length || view.getUint16(2) !== COMMENT) return undefined;
  const text = new TextDecoder().decode(jpeg.slice(6, 4 + view.getUint16(4)));
  if (!text.startsWith(NAME)) return undefined;
  try {
    const { columns, width, height, at } = JSON.parse(text.slice(NAME.length)) as Record<string, unknown>;
    const sizes = [columns, width, height].every((one) => Number.isInteger(one) && (one as number) > 0);
    const fits = sizes && Array.isArray(at) && at.length > 0 && at.length <= 2 * PER_SHEET && at.every(Number.isFinite);
    return fits ? ({ columns, width, height, at } as Drawn) : undefined;
  } catch {
    return undefined;
  }
}
