"""Accounts, sessions, tokens and the audit log."""

from __future__ import annotations

from agent.central.api.examples import EVENING, Document

_TOKEN = "kH3vUe0Yt9dPq2sXw7mBzL4nRj6cAf1G"  # noqa: S105 - nobody's

FIRST: Document = {"token": _TOKEN, "username": "ann", "password": "four other words here"}
SIGN_IN: Document = {"username": "ann", "password": "four unrelated words", "code": "123456"}
JOIN: Document = {"token": _TOKEN, "password": "four other words here"}
PASSWORD: Document = {"old": "four unrelated words", "new": "four other words here"}
PROOF: Document = {"password": "four unrelated words"}
CODE: Document = {"code": "123456"}
REASON: Document = {"reason": "case 2026-118"}
ME: Document = {
    "name": "ann", "role": "investigator", "csrf_header": "X-Lamppost", "places": ["hartford"], "scopes": None,
    "second_factor": True, "elsewhere": False, "reason": "case 2026-118", "asks_reason": True,
}  # fmt: skip
SESSIONS: Document = {
    "items": [
        {
            "id": "0197c29f11007a3b9c4d5e6f70819203", "origin": "192.0.2.7", "here": True,
            "agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "created": "2026-06-01T17:58:12.000Z", "last_seen": EVENING, "expires": "2026-06-02T05:58:12.000Z",
        }
    ]
}  # fmt: skip
SECOND_FACTOR: Document = {
    "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "address": "otpauth://totp/Lamppost:ann?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Lamppost",
    "picture": "data:image/svg+xml;charset=utf-8,%3Csvg%20xmlns%3D%27http%3A//www.w3.org/2000/svg%27/%3E",
}
RECOVERY_CODES: Document = {"codes": ["1f0c-83ab-5e7d-9924", "c2d1-04be-77a0-3f58"]}

PERSON: Document = {
    "name": "bob", "role": "operator", "places": ["demo/gw-1/plaza", "hartford"], "disabled": False,
    "second_factor": False, "waiting": True, "elsewhere": False, "created": EVENING, "last_seen": None,
}  # fmt: skip
PEOPLE: Document = {"items": [PERSON]}
PERSON_IN: Document = {"name": "bob", "role": "operator", "places": ["demo/gw-1/plaza", "hartford"]}
PERSON_CHANGE: Document = {"role": "investigator", "places": None}
LINK: Document = {"person": PERSON, "link": f"/join?token={_TOKEN}", "expires": "2026-06-02T18:04:05.250Z"}

_API_TOKEN: Document = {
    "id": "0197c2a5c4d87e6f9a8b7c6d5e4f3021", "name": "nightly-report", "owner": "ann", "scopes": ["read", "search"],
    "places": ["hartford"], "created": EVENING, "expires": "2027-06-01T00:00:00.000Z", "last_used": None,
}  # fmt: skip
TOKENS: Document = {"items": [_API_TOKEN]}
TOKEN_IN: Document = {name: _API_TOKEN[name] for name in ("name", "scopes", "places", "expires")}
TOKEN_MADE: Document = {**_API_TOKEN, "token": "lamppost_9pQ2tVw5Yz8bC1eF4hJ7kM0nR3sU6xA9dG2iL5oP8q4"}

AUDIT_LINE: Document = {
    "seq": 1, "time": EVENING, "action": "media.view", "who": "ann", "what": "0197c2a4b6f07d3e8a1b2c3d4e5f6071-picture",
    "why": "case 2026-118", "from": "192.0.2.7", "salt": "5b0f3c9a7e1d42868f6a0b1c2d3e4f50",
    "said": "e8be14c3686d9060ea86be26bca56059c7e2a3644064e69559f624a309336abf",
    "hash": "f58af736cceee1cf9ef91dea5e6f15464b09f7952dd5cf167ecb4dd17ce12b5c",
}  # fmt: skip
AUDIT: Document = {"items": [AUDIT_LINE], "next": None}
VERDICT: Document = {"verified": True, "lines": 1, "erased": 0, "head": AUDIT_LINE["hash"], "broken_at": None}
