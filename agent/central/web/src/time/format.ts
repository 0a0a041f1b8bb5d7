/** Times as people read them, in the device's zone or the chosen one; the machine's form (UTC) goes into the tooltip. */

import { locale } from "../text/language";
import { aheadMs, zone } from "./zone";

export interface Place {
  locale?: string | undefined;
  zone?: string | undefined;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making one costs a millisecond: a list of two hundred events would feel it. */
function formatter(place: Place, key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${place.locale ?? locale}|${place.zone ?? zone ?? ""}|${key}`;
  let found = formatters.get(name);
  if (!found) {
    found = new Intl.DateTimeFormat(place.locale ?? locale, { ...options, timeZone: place.zone ?? zone });
    formatters.set(name, found);
  }
  return found;
}

/** `14:03:22`, always 24 hours: footage is read in it. */
export function clock(at: Date, place: Place = {}): string {
  return formatter(place, "clock", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(at);
}

/** `Thu, 20 Nov` this year, with the year otherwise. */
export function day(at: Date, now: Date, place: Place = {}): string {
  const year = (date: Date) => formatter(place, "year", { year: "numeric" }).format(date);
  const options: Intl.DateTimeFormatOptions = { weekday: "short", day: "numeric", month: "short" };
  if (year(at) === year(now)) return formatter(place, "day", options).format(at);
  return formatter(place, "day+year", { ...options, year: "numeric" }).format(at);
}

/** Counted there: some days have an hour less, or one more. */
const dayNumber = (at: Date, place: Place) => Math.floor((at.getTime() + aheadMs(at.getTime(), place.zone ?? zone)) / (DAY * 1000));

/** Which day, in words where there are some: `today`, `yesterday`, or undefined. */
export function namedDay(at: Date, now: Date, place: Place = {}): "today" | "yesterday" | undefined {
  const past = dayNumber(now, place) - dayNumber(at, place);
  return past === 0 ? "today" : past === 1 ? "yesterday" : undefined;
}

/** `2026-11-20 14:03:22.125 UTC`. */
export function utc(at: Date): string {
  return at.toISOString().replace("T", " ").replace("Z", " UTC");
}

/** Whole seconds as `0:07`, `12:40`, `1:02:05`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / HOUR), Math.floor((whole % HOUR) / MINUTE), whole % MINUTE];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

const tenths = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const decimal = (value: number) => tenths.format(value);

/** The two largest units: `9 s`, `4 min`, `3 h 20 min`, `12 d 4 h`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min`;
  if (whole < DAY) return pair(Math.floor(whole / HOUR), "h", Math.floor((whole % HOUR) / MINUTE), "min");
  return pair(Math.floor(whole / DAY), "d", Math.floor((whole % DAY) / HOUR), "h");
}

const pair = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
  small > 0 ? `${big} ${bigUnit} ${small} ${smallUnit}` : `${big} ${bigUnit}`;

/** A length of time as it was, one decimal under ten seconds: `3.4 s`, `42 s`, `4 min`. */
export function length(seconds: number): string {
  return seconds < 10 ? `${decimal(Math.max(0, seconds))} s` : duration(seconds);
}

/** `1.4 GB`, decimal as disks are sold. */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = Math.max(0, count);
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit > 0 && value < 100 ? decimal(value) : Math.round(value)} ${units[unit]}`;
}
