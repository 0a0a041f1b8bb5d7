/** Who did what, why, from where: searched, checked, taken away. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import * as api from "../api/people";
import { useCell } from "../cell";
import { cameraKey } from "../events/filter";
import { cameras as allCameras } from "../news";
import { playbackPath } from "../playback/address";
import { go, Link, useAddress } from "../router";
import { failureLine, number, text } from "../text";
import { localField, momentOfField } from "../time/field";
import { Moment } from "../time/time";
import { Empty } from "../ui/empty";
import { Icon } from "../ui/icon";
import { Problem, useDeed } from "./deed";
import { type Names, type Piece, piecesOf, type Run, runsOf } from "./told";

const KEYS = ["who", "action", "text", "since", "until"] as const;
const PAGE = 50;

export function AuditPage(): JSX.Element {
  const words = text.accounts.audit;
  const { query } = useAddress();
  const wanted = new URLSearchParams(KEYS.flatMap((key) => (query.get(key) ? [[key, query.get(key) ?? ""]] : [])));
  const list = useLines(wanted.toString());
  return (
    <div class="page audit-page">
      <header class="page-head">
        <h1>{words.title}</h1>
        <span class="head-break" />
        <Chain />
        <span class="spring" />
        <a class="button" href={api.auditExport("csv", wanted)} download>
          {words.exportCsv}
        </a>
        <a class="button" href={api.auditExport("jsonl", wanted)} download>
          {words.exportJson}
        </a>
      </header>
      <Filters wanted={wanted} />
      {list.error && <Problem>{list.error}</Problem>}
      {list.lines?.length === 0 && <Empty icon="search" title={words.none} more={words.noneMore} />}
      {list.lines && list.lines.length > 0 && <Lines lines={list.lines} />}
      {!list.lines && !list.error && <div class="panel skeleton people-skeleton" role="status" aria-label={text.loading} />}
      {list.next && (
        <button type="button" class="button more" onClick={list.more}>
          {words.more}
        </button>
      )}
    </div>
  );
}

interface LineList {
  lines: api.AuditLine[] | undefined;
  next: string | null;
  error: string | undefined;
  more: () => void;
}

function useLines(wanted: string): LineList {
  const [list, setList] = useState<{ lines?: api.AuditLine[]; next: string | null; error?: string }>({ next: null });
  const asked = useRef("");
  const load = async (cursor?: string, before: api.AuditLine[] = []) => {
    const query = new URLSearchParams(wanted);
    query.set("limit", String(PAGE));
    if (cursor) query.set("cursor", cursor);
    asked.current = query.toString();
    try {
      const page = await api.audit(query);
      if (asked.current === query.toString()) setList({ lines: [...before, ...page.items], next: page.next });
    } catch (failure) {
      if (asked.current === query.toString()) setList({ ...(cursor && { lines: before }), next: cursor ?? null, error: failureLine(failure) });
    }
  };
  useEffect(() => void load(), [wanted]);
  return { lines: list.lines, next: list.next, error: list.error, more: () => void load(list.next ?? undefined, list.lines) };
}

function Filters({ wanted }: { wanted: URLSearchParams }): JSX.Element {
  const words = text.accounts.audit;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const chosen = new URLSearchParams();
    for (const key of KEYS) {
      const value = String(data.get(key) ?? "").trim();
      if (value) chosen.set(key, key === "since" || key === "until" ? (momentOfField(value)?.toISOString() ?? "") : value);
    }
    go(`/audit?${chosen}`, { replace: true });
  };
  return (
    <form class="audit-filters panel" onSubmit={submit} onChange={(event) => event.currentTarget.requestSubmit()} data-testid="audit-filters">
      <label class="field">
        <span>{words.who}</span>
        <input name="who" defaultValue={wanted.get("who") ?? ""} maxLength={200} autocapitalize="none" autocomplete="off" spellcheck={false} />
      </label>
      <label class="field">
        <span>{words.action}</span>
        <select name="action">
          <option value="">{words.any}</option>
          {Object.entries(words.actions).map(([value, name]) => (
            <option key={value} value={value} selected={value === wanted.get("action")}>
              {value.includes(".") ? `– ${name}` : name}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{words.text}</span>
        <input name="text" type="search" defaultValue={wanted.get("text") ?? ""} maxLength={200} />
      </label>
      {(["since", "until"] as const).map((key) => (
        <label key={key} class="field">
          <span>{words[key]}</span>
          <input name={key} type="datetime-local" defaultValue={localOf(wanted.get(key))} />
        </label>
      ))}
      <button type="submit" class="hidden-text">
        {text.nav.search}
      </button>
    </form>
  );
}

const localOf = (moment: string | null) => (moment ? localField(new Date(moment)) : "");

function Lines({ lines }: { lines: readonly api.AuditLine[] }): JSX.Element {
  const words = text.accounts.audit;
  const cameras = useCell(allCameras);
  const names = useMemo(() => new Map((cameras ?? []).map((camera) => [cameraKey(camera), camera.name])), [cameras]);
  return (
    <ul class="audit panel" data-testid="audit">
      <li class="head" aria-hidden="true">
        {[words.time, words.who, words.action, words.what, words.from].map((name) => (
          <span key={name}>{name}</span>
        ))}
      </li>
      {runsOf(lines).map((run) =>
        run.lines.length > 1 ? <Folded key={run.lines[0]?.seq} run={run} names={names} /> : run.lines.map((line) => <Line key={line.seq} line={line} names={names} />),
      )}
    </ul>
  );
}

/** Many looks as one line, until somebody wants to see each. */
function Folded({ run, names }: { run: Run; names: Names }): JSX.Element {
  const words = text.accounts.audit;
  const [open, setOpen] = useState(false);
  const { lines, kind = "" } = run;
  const seen = new Set(lines.flatMap((line) => piecesOf(line, names, words.said)).flatMap((piece) => (piece.of === "camera" ? [piece.name] : [])));
  const first = lines[0] as api.AuditLine;
  return (
    <>
      <Line line={first} names={names}>
        <button type="button" class="fold" aria-expanded={open} onClick={() => setOpen(!open)} data-testid="audit-fold">
          <Icon name="forward" size={14} />
          {[words.looks[kind]?.(lines.length) ?? `${number(lines.length)} ${kind}`, ...seen].join(" · ")}
        </button>
      </Line>
      {open && lines.map((line) => <Line key={line.seq} line={line} names={names} inner />)}
    </>
  );
}

function Line({ line, names, inner = false, children }: { line: api.AuditLine; names: Names; inner?: boolean; children?: ComponentChildren }): JSX.Element {
  const words = text.accounts.audit;
  return (
    <li class={inner ? "inner" : ""}>
      <span class="sub">
        <Moment at={line.time} />
      </span>
      <strong>{line.who ?? "–"}</strong>
      <span title={line.action} class={line.action === "sign-in.refused" ? "bad" : ""}>
        {words.actions[line.action] ?? line.action}
      </span>
      <span class="what">
        {children ?? (line.who === null ? <em class="sub">{words.erased}</em> : <span>{piecesOf(line, names, words.said).map(pieceShown)}</span>)}
        {line.why && (
          <small>
            {words.why}: {line.why}
          </small>
        )}
      </span>
      <span class="sub">{line.from}</span>
    </li>
  );
}

function pieceShown(piece: Piece, place: number, all: readonly Piece[]): ComponentChildren {
  const before = place === 0 ? "" : piece.of === "moment" && all[place - 1]?.of === "moment" ? " – " : piece.of === "text" && /^[:,]/.test(piece.text) ? "" : " ";
  return [before, shown(piece)];
}

function shown(piece: Piece): ComponentChildren {
  const words = text.accounts.audit;
  switch (piece.of) {
    case "text":
      return piece.text;
    case "moment":
      return <Moment at={piece.at} />;
    case "camera":
      return <Link href={piece.at ? playbackPath([piece.key], Date.parse(piece.at)) : `/live/${piece.key}`}>{piece.name}</Link>;
    case "event":
      return <Link href={`/events/${encodeURIComponent(piece.id)}`}>{words.event}</Link>;
    case "hold":
      return <Link href={`/holds/${encodeURIComponent(piece.id)}`}>{words.hold}</Link>;
    case "medium":
      return <span title={piece.id}>{words.media[piece.kind] ?? piece.kind}</span>;
  }
}

function Chain(): JSX.Element {
  const words = text.accounts.audit;
  const deed = useDeed();
  const [verdict, setVerdict] = useState<{ verified: boolean; lines: number; broken_at: number | null }>();
  if (verdict) return <span class={verdict.verified ? "tag ok" : "tag bad"}>{verdict.verified ? words.whole(verdict.lines) : words.broken(verdict.broken_at ?? 0)}</span>;
  return (
    <button type="button" class="button quiet" disabled={deed.busy} onClick={() => void deed.run(async () => setVerdict(await api.verifyAudit()))} data-testid="verify">
      {deed.busy ? words.checking : (deed.error ?? words.verify)}
    </button>
  );
}
