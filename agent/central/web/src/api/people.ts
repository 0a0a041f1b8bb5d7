/** Accounts, tokens and the audit log, over the API. */

import { request } from "./client";
import type { AuditLine, AuditPage, AuditVerdict, LinkOut, MediaLinkOut, PersonChange, PersonOut, SecondFactorOut, SessionOut, TokenMade, TokenOut } from "./schema";
import type { Me, Role } from "./types";

export type Person = PersonOut;
export type PersonLink = LinkOut;
export type OpenSession = SessionOut;
export type Token = TokenOut;
export type Scope = Token["scopes"][number];
export type MediaLink = MediaLinkOut;
export type { AuditLine };

export const SCOPES = ["read", "search", "media", "live", "command", "admin"] as const satisfies readonly Scope[];

const part = encodeURIComponent;

export const join = (token: string, password: string) => request<Me>("POST", "/join", { token, password });
export const giveReason = (reason: string) => request<Me>("POST", "/me/reason", { reason });
export const changePassword = (old: string, fresh: string) => request<Me>("POST", "/me/password", { old, new: fresh });
export const sessions = async () => (await request<{ items: OpenSession[] }>("GET", "/me/sessions")).items;
export const endSession = (id: string) => request<void>("DELETE", `/me/sessions/${part(id)}`);
export const endOtherSessions = () => request<void>("DELETE", "/me/sessions");
export const beginFactor = (password: string) => request<SecondFactorOut>("POST", "/me/second-factor", { password });
export const confirmFactor = async (code: string) => (await request<{ codes: string[] }>("POST", "/me/second-factor/confirm", { code })).codes;
export const dropFactor = (password: string) => request<void>("POST", "/me/second-factor/off", { password });

export const tokens = async () => (await request<{ items: Token[] }>("GET", "/tokens")).items;
export const makeToken = (name: string, scopes: Scope[], expires: string | null) => request<TokenMade>("POST", "/tokens", { name, scopes, expires });
export const revokeToken = (id: string) => request<void>("DELETE", `/tokens/${part(id)}`);

export const people = async () => (await request<{ items: Person[] }>("GET", "/people")).items;
export const makePerson = (name: string, role: Role, places: string[] | null) => request<PersonLink>("POST", "/people", { name, role, places });
export const changePerson = (name: string, change: PersonChange) => request<Person>("PATCH", `/people/${part(name)}`, change);
export const removePerson = (name: string) => request<void>("DELETE", `/people/${part(name)}`);
export const linkFor = (name: string) => request<PersonLink>("POST", `/people/${part(name)}/link`);
export const factorOff = (name: string) => request<void>("DELETE", `/people/${part(name)}/second-factor`);
export const signOutEverywhere = (name: string) => request<void>("DELETE", `/people/${part(name)}/sessions`);

export const links = async () => (await request<{ items: MediaLink[] }>("GET", "/links")).items;
export const takeBack = (id: string) => request<void>("DELETE", `/links/${part(id)}`);

export const audit = (query: URLSearchParams) => request<AuditPage>("GET", `/audit?${query}`);
export const verifyAudit = () => request<AuditVerdict>("GET", "/audit/verify");
export const auditExport = (form: "csv" | "jsonl", query: URLSearchParams) => `/api/v1/audit/export?${new URLSearchParams([...query, ["form", form]])}`;
