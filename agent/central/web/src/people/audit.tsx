/** Who did what, why, from where: searched, checked, taken away. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api/people";
import { go, useAddress } from "../router";
import { failureLine, text } from "../text";
import { localField, momentOfField } from "../time/field";
import { Moment } from "../time/time";
import { Empty } from "../ui/empty";
import { Problem, useDeed } from "./deed";

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
      setList({ lines: before, next: null, error: failureLine(failure) });
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
  return (
    <ul class="audit panel" data-testid="audit">
      <li class="head" aria-hidden="true">
        {[words.time, words.who, words.action, words.what, words.from].map((name) => (
          <span key={name}>{name}</span>
        ))}
      </li>
      {lines.map((line) => (
        <li key={line.seq}>
          <span class="sub">
            <Moment at={line.time} />
          </span>
          <strong>{line.who ?? "–"}</strong>
          <span title={line.action} class={line.action === "sign-in.refused" ? "bad" : ""}>
            {words.actions[line.action] ?? line.action}
          </span>
          <span class="what">
            {line.who === null ? <em class="sub">{words.erased}</em> : line.what}
            {line.why && (
              <small>
                {words.why}: {line.why}
              </small>
            )}
          </span>
          <span class="sub">{line.from}</span>
        </li>
      ))}
    </ul>
  );
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
