"""The small tables, in types that SQLite and PostgreSQL share. Times are `*_ns` since 1970 UTC in 64 bits.

Events and tracks rest elsewhere: see `day_schema`. Holds and incidents have files of their own.
"""

from __future__ import annotations

import sqlalchemy as sa

import agent.central.store.hold_schema
import agent.central.store.incident_schema  # noqa: F401 - the tables of both belong to these
from agent.central.store import base_schema

_ID, _TEXT, Json = base_schema.ID, base_schema.TEXT, base_schema.Json
metadata = base_schema.metadata

about = sa.Table(
    "about",  # the centre itself: who it is, and how a move into this database stands (see `move`)
    metadata,
    sa.Column("name", _ID, primary_key=True),
    sa.Column("value", _TEXT, nullable=False),
)

process = sa.Table(
    "process",  # that runs a part of the centre, and when it said so last; see `processes`
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("role", sa.String(8), nullable=False),  # whole, ingest, web
    sa.Column("host", sa.String(100), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("since_ns", sa.BigInteger, nullable=False),
    sa.Column("seen_ns", sa.BigInteger, nullable=False),
    sa.Column("report", Json, nullable=False),
)

lease = sa.Table(
    "lease",  # who does what only one process may do; see `leases`
    metadata,
    sa.Column("name", _ID, primary_key=True),
    sa.Column("holder", _ID, nullable=False),
    sa.Column("until_ns", sa.BigInteger, nullable=False),
)

gateway = sa.Table(
    "gateway",
    metadata,
    sa.Column("site", _ID, primary_key=True),
    sa.Column("gateway", _ID, primary_key=True),
    sa.Column("state", sa.String(16), nullable=False, server_default="offline"),
    sa.Column("session", _ID),
    sa.Column("since_ns", sa.BigInteger),
    sa.Column("version", _TEXT),
    sa.Column("health", Json),
    sa.Column("seen_ns", sa.BigInteger),
    sa.Column("chain_breaks", sa.BigInteger),
)

gateway_key = sa.Table(
    "gateway_key",
    metadata,
    sa.Column("site", _ID, primary_key=True),
    sa.Column("gateway", _ID, primary_key=True),
    sa.Column("key_id", sa.String(16), primary_key=True),
    sa.Column("key", sa.String(64), nullable=False),
    sa.Column("first_ns", sa.BigInteger, nullable=False),
    sa.Column("last_ns", sa.BigInteger, nullable=False),
)

camera = sa.Table(
    "camera",
    metadata,
    sa.Column("site", _ID, primary_key=True),
    sa.Column("gateway", _ID, primary_key=True),
    sa.Column("camera", _ID, primary_key=True),
    sa.Column("info", Json),
    sa.Column("state", Json),
    sa.Column("snapshot", _ID),
    sa.Column("snapshot_ns", sa.BigInteger),
)

place = sa.Table(
    "place",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),  # see `places`
    sa.Column("site", _ID, nullable=False),
    sa.Column("gateway", _ID, nullable=False),
    sa.Column("camera", _ID, nullable=False),
)

stray = sa.Table(
    "stray",  # events, tracks and recordings that do not rest in the day that their id tells: see `days_of`
    metadata,
    sa.Column("table", sa.String(16), primary_key=True),
    sa.Column("id", _ID, primary_key=True),
    sa.Column("day", sa.Integer, nullable=False),
    sa.Index(None, "day"),
)

unread = sa.Table(
    "unread",  # messages of a later version than ours: see `store/unread.py`
    metadata,
    sa.Column("key", sa.String(32), primary_key=True),
    sa.Column("site", _ID, nullable=False),
    sa.Column("gateway", _ID, nullable=False),
    sa.Column("path", sa.String(200), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("received_ns", sa.BigInteger, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Index(None, "site", "gateway"),
    sa.Index(None, "received_ns"),
)

chain = sa.Table(
    "chain",  # of each camera's footage: see `footage`
    metadata,
    sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, nullable=False),  # the highest that was told
)

HALF_GONE = "CASE WHEN state = 'gone' THEN bytes ELSE 0 END > 0"
"""Of media: hidden, and not yet taken away. One term, or SQLite would look at all that are gone."""

media = sa.Table(
    "media",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("site", _ID, nullable=False),
    sa.Column("gateway", _ID, nullable=False),
    sa.Column("camera", _ID, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("type", _TEXT, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("start_ns", sa.BigInteger, nullable=False),
    sa.Column("end_ns", sa.BigInteger, nullable=False),
    sa.Column("codecs", _TEXT, nullable=False),
    sa.Column("event", _ID),
    sa.Column("track", _ID),
    sa.Column("quality", sa.String(8)),  # of clips: full, proxy
    sa.Column("state", sa.String(16), nullable=False),  # incoming, ready, gone
    sa.Column("reason", _TEXT, nullable=False),  # why it is gone
    sa.Column("manifest", Json),  # until it is ready
    sa.Column("created_ns", sa.BigInteger, nullable=False),
    sa.Index(None, "state", "start_ns", "id"),  # in the order in which they leave
    sa.Index(None, "event"),
    sa.Index(None, "start_ns", "id"),
    sa.Index(None, "site", "gateway", "camera", "start_ns"),  # what a hold holds
    sa.Index("ix_media_half_gone", "id", sqlite_where=sa.text(HALF_GONE), postgresql_where=sa.text(HALF_GONE)),
)

media_sum = sa.Table(
    "media_sum",  # of those that are ready: see `media_sums`
    metadata,
    sa.Column("site", _ID, primary_key=True),
    sa.Column("gateway", _ID, primary_key=True),
    sa.Column("media", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("bytes", sa.BigInteger, nullable=False, server_default="0"),
)

health_sample = sa.Table(
    "health_sample",
    metadata,
    sa.Column("site", _ID, primary_key=True),
    sa.Column("gateway", _ID, primary_key=True),
    sa.Column("time_ns", sa.BigInteger, primary_key=True),
    sa.Column("span_s", sa.Float, nullable=False),
    sa.Column("hour", sa.Boolean, nullable=False),  # made here, of all samples of an hour
    sa.Column("body", sa.LargeBinary, nullable=False),  # see `pack`
    sa.Column("cameras", sa.LargeBinary, nullable=False),
    sa.Index(None, "hour", "time_ns"),
)

outbox_seq = sa.Table(
    "outbox_seq",
    metadata,
    sa.Column("site", _ID, primary_key=True),
    sa.Column("gateway", _ID, primary_key=True),
    sa.Column("outbox", _ID, primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("high", sa.BigInteger, nullable=False),  # every seq up to here is received or announced as dropped
    sa.Column("received", Json, nullable=False),  # ranges above `high`
    sa.Column("announced", Json, nullable=False),  # ranges announced as dropped, above `high`
    sa.Column("stored", sa.BigInteger, nullable=False),
    sa.Column("duplicates", sa.BigInteger, nullable=False),
    sa.Column("dropped", sa.BigInteger, nullable=False),
    sa.Column("lost", sa.BigInteger, nullable=False),
)

clip = sa.Table(
    "clip",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("command", _ID, nullable=False),
    sa.Column("site", _ID, nullable=False),
    sa.Column("gateway", _ID, nullable=False),
    sa.Column("camera", _ID, nullable=False),
    sa.Column("event", _ID),
    sa.Column("start_ns", sa.BigInteger, nullable=False),
    sa.Column("end_ns", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),  # requested, sending, ready, failed
    sa.Column("error", _TEXT, nullable=False),
    sa.Column("media", _ID),
    sa.Column("quality", sa.String(8), nullable=False),  # full, proxy; previews, export: no clip, but alike
    sa.Column("created_ns", sa.BigInteger, nullable=False),
    sa.Column("deadline_ns", sa.BigInteger, nullable=False),
    sa.Column("wished", Json),  # who waits for it; none: its gateway sent it unasked, or it is from before this column
    sa.Index(None, "command"),
    sa.Index(None, "event", "created_ns"),
    sa.Index(None, "site", "gateway", "camera", "start_ns", "end_ns"),
    sa.Index(None, "media"),
    sa.Index(None, "state"),
)

overlay = sa.Table(
    "overlay",  # what the centre has set of the cameras of a gateway, version by version
    metadata,
    sa.Column("site", _ID, primary_key=True),
    sa.Column("gateway", _ID, primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("cameras", Json, nullable=False),
    sa.Column("by", _ID, nullable=False),
    sa.Column("time_ns", sa.BigInteger, nullable=False),
    sa.Column("error", _TEXT, nullable=False),  # why the gateway refused it
)

user = sa.Table(
    "user",
    metadata,
    sa.Column("name", _ID, primary_key=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("places", Json),  # null: all; see `reach`
    sa.Column("password", sa.String(400)),  # null: not set yet, or signs in elsewhere
    sa.Column("subject", sa.String(500)),  # issuer and subject of who signs in elsewhere (OpenID Connect)
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("created_ns", sa.BigInteger, nullable=False),
    sa.Column("seen_ns", sa.BigInteger),
    sa.Column("totp_secret", sa.String(200)),
    sa.Column("totp_on", sa.Boolean, nullable=False),
    sa.Column("totp_step", sa.BigInteger, nullable=False),  # the last one used
    sa.Column("recovery", Json),  # digests of the codes that are left
    sa.Column("link_hash", sa.String(64)),  # of the one-time link with which a password is set
    sa.Column("link_ns", sa.BigInteger),  # until when it is good
    sa.Index(None, "link_hash"),
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("id", _ID, nullable=False),
    sa.Column("user", _ID, nullable=False),
    sa.Column("created_ns", sa.BigInteger, nullable=False),
    sa.Column("seen_ns", sa.BigInteger, nullable=False),
    sa.Column("expires_ns", sa.BigInteger, nullable=False),
    sa.Column("origin", sa.String(64), nullable=False),
    sa.Column("agent", sa.String(200), nullable=False),
    sa.Column("reason", sa.String(200), nullable=False),
    sa.Index(None, "expires_ns"),
    sa.Index(None, "user"),
)

first_link = sa.Table(
    "first_link",  # links with which the first account may be made: each web worker's data folder has one
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
)

api_token = sa.Table(
    "api_token",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("token_hash", sa.String(64), nullable=False),
    sa.Column("owner", _ID),  # null: of the configuration
    sa.Column("name", _ID, nullable=False),
    sa.Column("role", sa.String(16)),  # of the configuration's; else the owner's, as it is now
    sa.Column("scopes", Json, nullable=False),
    sa.Column("places", Json),  # null: all that the owner sees
    sa.Column("created_ns", sa.BigInteger, nullable=False),
    sa.Column("expires_ns", sa.BigInteger),
    sa.Column("used_ns", sa.BigInteger),
    sa.Index(None, "token_hash", unique=True),
    sa.Index(None, "owner"),
)

attempt = sa.Table(
    "attempt",  # wrong passwords of late; see `lockout`
    metadata,
    sa.Column("key", sa.String(160), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_ns", sa.BigInteger, nullable=False),
    sa.Column("until_ns", sa.BigInteger, nullable=False),
    sa.Index(None, "last_ns"),
)

familiar = sa.Table(
    "familiar",  # from where each has signed in before
    metadata,
    sa.Column("user", _ID, primary_key=True),
    sa.Column("origin", sa.String(64), primary_key=True),
    sa.Column("last_ns", sa.BigInteger, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("time_ns", sa.BigInteger, nullable=False),
    sa.Column("action", sa.String(64), nullable=False),
    # what tells of a person leaves after its time: the chain covers `said`, the hash of these and the salt
    sa.Column("who", sa.String(140)),
    sa.Column("what", _TEXT),
    sa.Column("why", sa.String(200)),
    sa.Column("origin", sa.String(64)),
    sa.Column("salt", sa.String(32)),
    sa.Column("said", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Index(None, "time_ns"),
    sa.Index(None, "who", "seq"),
    sa.Index(None, "action", "seq"),
)

layout = sa.Table(
    "layout",  # of the live wall
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("owner", _ID, nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("shared", sa.Boolean, nullable=False),
    sa.Column("cameras", Json, nullable=False),  # site/gateway/camera, in their order
    sa.Column("columns", sa.Integer),  # null: as many as fill the screen best
    sa.Column("large", sa.Boolean, nullable=False),  # the first
    sa.Column("created_ns", sa.BigInteger, nullable=False),
    sa.Index(None, "owner"),
)

media_link = sa.Table(
    "media_link",  # that opens a medium for somebody without an account
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("media", _ID, nullable=False),
    sa.Column("owner", _ID, nullable=False),
    sa.Column("note", sa.String(200), nullable=False),
    sa.Column("created_ns", sa.BigInteger, nullable=False),
    sa.Column("expires_ns", sa.BigInteger, nullable=False),
    sa.Column("uses", sa.Integer, nullable=False),
    sa.Column("used_ns", sa.BigInteger),
    sa.Index(None, "owner"),
)

saved_search = sa.Table(
    "saved_search",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("owner", _ID, nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),  # tracks, events
    sa.Column("query", sa.Text, nullable=False),  # as in the address of a search
    sa.Column("filters", Json, nullable=False),  # what that means
    sa.Column("shared", sa.Boolean, nullable=False),
    sa.Column("watch", sa.Boolean, nullable=False),  # raises an alarm for each track that comes and fits
    sa.Column("raised", sa.BigInteger, nullable=False),
    sa.Column("held_back", sa.BigInteger, nullable=False),  # that were too many to be raised
    sa.Column("created_ns", sa.BigInteger, nullable=False),
    sa.Index(None, "owner"),
)

webhook = sa.Table(
    "webhook",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("secret", sa.String(200), nullable=False),
    sa.Column("kinds", Json),  # null: events of all kinds
    sa.Column("severity", sa.String(8)),
    sa.Column("phases", Json),
    sa.Column("places", Json),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("dropped", sa.BigInteger, nullable=False),  # that came while too many waited
    sa.Column("created_ns", sa.BigInteger, nullable=False),
)

webhook_delivery = sa.Table(
    "webhook_delivery",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("webhook", _ID, nullable=False),
    sa.Column("type", sa.String(64), nullable=False),
    sa.Column("event", _ID),
    sa.Column("body", sa.Text, nullable=False),  # empty once it is over
    sa.Column("state", sa.String(16), nullable=False),  # waiting, delivered, failed
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("status", sa.Integer),  # of the last answer
    sa.Column("error", _TEXT, nullable=False),
    sa.Column("created_ns", sa.BigInteger, nullable=False),
    sa.Column("next_ns", sa.BigInteger, nullable=False),
    sa.Column("tried_ns", sa.BigInteger),
    sa.Index(None, "webhook", "created_ns"),
    sa.Index(None, "webhook", "state", "next_ns"),
)
