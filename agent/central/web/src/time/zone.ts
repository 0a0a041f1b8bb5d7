/** Whose times are shown: the device's, or a site's as the person chose. */

const KEY = "lamppost.zone";

/** Whether this browser knows a zone of that name. */
export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return name !== "";
  } catch {
    return false;
  }
}

function kept(): string | undefined {
  try {
    const name = localStorage.getItem(KEY) ?? "";
    return isZone(name) ? name : undefined;
  } catch {
    return undefined; // storage may be forbidden, and there is none where tests run
  }
}

/** The chosen zone; undefined: the device's. */
export const zone: string | undefined = kept();
export const deviceZone = (): string => new Intl.DateTimeFormat("en").resolvedOptions().timeZone;

/** Show times in that zone from now on, on every page: it is loaded anew. */
export function chooseZone(name: string | undefined): void {
  try {
    if (name === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, name);
  } catch {
    return;
  }
  location.reload();
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(name: string): Intl.DateTimeFormat {
  let found = clocks.get(name);
  if (!found) {
    const two = "2-digit";
    found = new Intl.DateTimeFormat("en-US", { timeZone: name, hourCycle: "h23", year: "numeric", month: two, day: two, hour: two, minute: two, second: two });
    clocks.set(name, found);
  }
  return found;
}

/** How far clocks there are ahead of UTC at that moment, milliseconds. */
export function aheadMs(at: number, name = zone): number {
  if (name === undefined) return -new Date(at).getTimezoneOffset() * 60_000;
  const part = Object.fromEntries(clockOf(name).formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const there = Date.UTC(part["year"]!, part["month"]! - 1, part["day"]!, part["hour"]!, part["minute"]!, part["second"]!);
  return there - Math.floor(at / 1000) * 1000;
}
