"""How gateways and cameras were: minutes for some days, hours as long as all else, in spans of any length.

A row is a sample as its gateway made it, or an hour of them. What comes twice replaces itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, TypeVar

import sqlalchemy as sa

from agent.central.counts import Refused
from agent.central.store.database import Database
from agent.central.store.merge import document, wall_ns
from agent.central.store.pack import Document, pack, unpack
from agent.central.store.reach import EVERYTHING, Reach
from agent.central.store.rows import DAY_NS
from agent.central.store.schema import health_sample as table
from agent.core.clock import NS, rfc3339
from agent.wire.messages import CameraSample, GatewaySample, HealthSample, camera_over, gateway_over, sample_over

HOUR_NS = 3600 * NS
MINUTES_DAYS = 7
"""So many days keep every sample; older ones are an hour each."""
MOST_POINTS = 2000
_OLDEST_NS = 3660 * DAY_NS
_AT_ONCE = 24
"""Hours that are put together in one transaction: ingest waits that long."""
T = TypeVar("T")


def sample_row(site: str, gateway: str, sample: HealthSample, now_ns: int) -> Document:
    """A sample as it is kept: apart from its cameras, which few ask for.

    Raises:
        Refused: it is of another age.
        WireError: numbers or text that no database takes.
    """
    if not -_OLDEST_NS <= wall_ns(sample.time) - now_ns <= DAY_NS:
        raise Refused("out_of_time", "it is of another age: a clock is wrong")
    kept = document(sample)
    cameras = kept.pop("cameras", [])
    return {
        "site": site, "gateway": gateway, "time_ns": wall_ns(sample.time), "span_s": sample.span_s,
        "hour": False, "body": pack(kept), "cameras": pack({"items": cameras}),
    }  # fmt: skip


class HealthHistory:
    """`limited` gives one that knows nothing beyond somebody's reach."""

    def __init__(self, database: Database, reach: Reach = EVERYTHING) -> None:
        self._database, self._reach = database, reach

    def limited(self, reach: Reach) -> HealthHistory:
        """The same for somebody who sees no more than that."""
        return HealthHistory(self._database, reach)

    def gateway(self, site: str, gateway: str, since_ns: int, until_ns: int, step_s: int) -> list[GatewaySample]:
        """Spans of `step_s` that begin in `since_ns` .. `until_ns`, oldest first; those without a sample are left out.

        They begin at whole multiples of the step since 1970; a sample belongs to the span that it begins in.
        """
        if not self._reach.sees(site, gateway):  # who sees some of its cameras learns no sums of the others
            return []
        rows = self._rows("body", site, gateway, since_ns, until_ns)
        samples = ((time_ns, GatewaySample.model_validate(unpack(body))) for time_ns, _, body in rows)
        return [
            gateway_over(several).model_copy(update={"time": rfc3339(begin_ns)})
            for begin_ns, several in _by_step(samples, step_s)
        ]

    def camera(
        self, place: tuple[str, str, str], since_ns: int, until_ns: int, step_s: int
    ) -> list[tuple[str, float, CameraSample]]:
        """The same of one camera: when each span begins, its seconds, and the camera over it."""
        if not self._reach.sees(*place):
            return []
        site, gateway, camera = place
        rows = self._rows("cameras", site, gateway, since_ns, until_ns)
        samples = ((time_ns, (span_s, one)) for time_ns, span_s, body in rows if (one := _of(camera, body)) is not None)
        return [
            (rfc3339(begin_ns), round(sum(span_s for span_s, _ in several), 3), camera_over(several))
            for begin_ns, several in _by_step(samples, step_s)
        ]

    def _rows(self, column: str, site: str, gateway: str, since_ns: int, until_ns: int) -> Sequence[Any]:
        query = sa.select(table.c.time_ns, table.c.span_s, table.c[column]).where(
            table.c.site == site, table.c.gateway == gateway, table.c.time_ns >= since_ns, table.c.time_ns < until_ns
        )
        with self._database.read() as connection:
            return connection.execute(query.order_by(table.c.time_ns)).all()

    # -- what time does to it -----------------------------------------------------------------------------------

    def thin(self, now_ns: int, keep_days: int) -> int:
        """Drop what is over and make hours of what is older than `MINUTES_DAYS`; returns how many hours were made."""
        with self._database.write() as connection:
            over = table.c.hour.in_((False, True)), table.c.time_ns < now_ns - keep_days * DAY_NS  # as the index begins
            connection.execute(sa.delete(table).where(*over))
        before_ns = (now_ns - MINUTES_DAYS * DAY_NS) // HOUR_NS * HOUR_NS
        made = 0
        while hours := self._fine(before_ns):
            with self._database.write() as connection:
                for site, gateway, begin_ns in hours:
                    self._make_hour(connection, site, gateway, begin_ns)
            made += len(hours)
        return made

    def _fine(self, before_ns: int) -> list[tuple[str, str, int]]:
        """Some hours with samples that are none yet: site, gateway, begin."""
        begin = (table.c.time_ns - table.c.time_ns % HOUR_NS).label("begin")
        fine = (table.c.hour.is_(False), table.c.time_ns < before_ns)
        query = sa.select(table.c.site, table.c.gateway, begin).where(*fine).distinct().limit(_AT_ONCE)
        with self._database.read() as connection:
            return [(row.site, row.gateway, int(row.begin)) for row in connection.execute(query)]

    def _make_hour(self, connection: sa.Connection, site: str, gateway: str, begin_ns: int) -> None:
        """What came late joins the hour that was made before."""
        within = (table.c.time_ns >= begin_ns, table.c.time_ns < begin_ns + HOUR_NS)
        where = (table.c.site == site, table.c.gateway == gateway, *within)
        rows = connection.execute(sa.select(table).where(*where).order_by(table.c.time_ns)).all()
        whole = sample_over([_sample(row) for row in rows]).model_copy(update={"time": rfc3339(begin_ns)})
        connection.execute(sa.delete(table).where(*where))
        row = sample_row(site, gateway, whole, begin_ns) | {"hour": True}
        connection.execute(sa.insert(table).values(row))


def _sample(row: Any) -> HealthSample:
    return HealthSample.model_validate(unpack(row.body) | {"cameras": unpack(row.cameras)["items"]})


def _of(camera: str, body: bytes) -> CameraSample | None:
    found = next((one for one in unpack(body)["items"] if one["id"] == camera), None)
    return None if found is None else CameraSample.model_validate(found)


def _by_step(samples: Iterable[tuple[int, T]], step_s: int) -> Iterator[tuple[int, list[T]]]:
    step_ns = step_s * NS
    for number, several in groupby(samples, lambda sample: sample[0] // step_ns):
        yield number * step_ns, [one for _, one in several]
