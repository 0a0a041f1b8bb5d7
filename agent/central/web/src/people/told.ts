/** What a line of the audit log is about, in pieces that a page can show in the reader's words: pure. */

import type { AuditLine } from "../api/people";

export type Piece =
  | { of: "text"; text: string }
  | { of: "moment"; at: string }
  /** `at`: the moment that is spoken of, where there is one */
  | { of: "camera"; key: string; name: string; at: string | undefined }
  | { of: "event"; id: string }
  | { of: "hold"; id: string }
  | { of: "medium"; kind: string; id: string };

/** Names of cameras by `site/gateway/camera`. */
export type Names = ReadonlyMap<string, string>;

const MOMENT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
/** `hold ID until it is released: FROM TO CAMERAS`, `hold ID: its time is over`, `release of hold ID at SITE/GATEWAY: what went wrong`. */
const HOLD = /^(release of )?hold (\S+?)(?: until (.+?)| at (\S+?))?(?:: (.*))?$/;
const LOOK = /^(\w+) (\S+) of (\S+)$/;

/** Cameras, moments, events and media as such; all else stays as it was written, in `words` where they have it. */
export function piecesOf({ action, what }: Pick<AuditLine, "action" | "what">, names: Names, words: Readonly<Record<string, string>>): Piece[] {
  const told = what ?? "";
  const at = told.split(" ").find((word) => MOMENT.test(word));
  const camera = (key: string): Piece | undefined => (names.has(key) ? { of: "camera", key, name: names.get(key) ?? key, at } : undefined);
  const look = action === "media.view" ? LOOK.exec(told) : null;
  if (look) {
    const [, kind = "", id = "", key = ""] = look;
    return [{ of: "medium", kind, id }, camera(key) ?? { of: "text", text: key }];
  }
  if (action === "live.view") {
    const [key, stream] = [told.split("/").slice(0, 3).join("/"), told.split("/")[3] ?? ""];
    return [camera(key) ?? { of: "text", text: key }, ...(stream ? [{ of: "text", text: words[stream] ?? stream } as const] : [])];
  }
  if (action === "event.review") {
    const [said = "", ids = ""] = told.split(/: (?=[^:]*$)/);
    return [{ of: "text", text: said.split(", ").map((one) => words[one] ?? one).join(", ") }, ...ids.split(" ").filter(Boolean).map((id) => ({ of: "event", id }) as const)];
  }
  const event = /^event (\S+)(.*)$/.exec(told);
  if (event) return [{ of: "event", id: event[1] ?? "" }, ...plain(event[2]?.trim() ?? "", words)];
  const hold = HOLD.exec(told);
  if (hold) {
    const [, release = "", id = "", until = "", gateway, rest = ""] = hold;
    const head: Piece[] = [...plain(release.trim(), words), { of: "hold", id }];
    if (gateway) return [...head, ...plain("at", words), { of: "text", text: `${gateway}: ${rest}` }];
    const over: Piece[] = MOMENT.test(until) ? [...plain("until", words), { of: "moment", at: until }] : [];
    return [...head, ...(rest in words ? plain(rest, words) : inWords(rest, camera, words)), ...over];
  }
  return inWords(told, camera, words);
}

function inWords(told: string, camera: (key: string) => Piece | undefined, words: Readonly<Record<string, string>>): Piece[] {
  return told.split(" ").reduce<Piece[]>((pieces, word) => {
    const [, bare = word, end = ""] = /^(.*?)([:,]?)$/.exec(word) ?? [];
    const found: Piece | undefined = MOMENT.test(bare) ? { of: "moment", at: bare } : camera(bare);
    const last = pieces.at(-1);
    if (!found && last?.of === "text") return [...pieces.slice(0, -1), { of: "text", text: `${last.text} ${word}` }];
    return [...pieces, ...(found ? [found, ...plain(end, words)] : plain(word, words))];
  }, []);
}

const plain = (text: string, words: Readonly<Record<string, string>>): Piece[] => (text ? [{ of: "text", text: words[text] ?? text }] : []);

/** Lines that stand together: one page asks for many pictures at once, and each look is a line. */
export interface Run {
  lines: readonly AuditLine[];
  /** what was looked at: `snapshot`, `clip`, `live`; none for a line by itself */
  kind: string | undefined;
}

export function runsOf(lines: readonly AuditLine[]): Run[] {
  const runs: Run[] = [];
  let last: string | undefined;
  for (const line of lines) {
    const kind = kindOf(line);
    const key = kind && JSON.stringify([line.action, kind, line.who, line.why, line.from]);
    const run = runs.at(-1);
    if (run && key && key === last) runs[runs.length - 1] = { ...run, lines: [...run.lines, line] };
    else runs.push({ lines: [line], kind });
    last = key;
  }
  return runs;
}

function kindOf({ action, what }: AuditLine): string | undefined {
  if (action === "live.view") return "live";
  return action === "media.view" && what ? LOOK.exec(what)?.[1] : undefined;
}
