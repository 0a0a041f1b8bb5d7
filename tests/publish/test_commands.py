"""Only what the centre signed for this gateway, fresh and not retained, is done: once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.core.clock import NS, SystemClock, rfc3339
from agent.core.errors import SourceUnreachable
from agent.core.signing import Signer, Verifier
from agent.publish.commands import CommandDesk
from agent.publish.outbox import Outbox
from agent.wire.messages import Command, Reply, decode, encode
from tests.fixtures.clock import FakeClock
from tests.publish.centre import Centre, wait_for

ROOT = "lamppost/v1/town/pole"
LIVE = {"camera": "cam", "stream": "sub", "lease": "l1", "seconds": 20}


class Office:
    """The centre's side: makes and signs commands."""

    def __init__(self, folder: Path, clock: Any) -> None:
        self.signer, self.clock = Signer.load_or_make(folder / "key.pem"), clock
        self.verifier = Verifier.from_pem(self.signer.public_pem(), "key")

    def command(self, verb: str = "live", args: dict[str, Any] | None = None, **changes: Any) -> bytes:
        now_ns = self.clock.wall_ns()
        fields = {
            "id": "c1", "verb": verb, "site": "town", "gateway": "pole", "issued": rfc3339(now_ns),
            "expires": rfc3339(now_ns + 30 * NS), "args": LIVE if args is None else args, **changes,
        }  # fmt: skip
        command = Command.model_construct(v=1, signature="", **fields)
        return encode(command.model_copy(update={"signature": self.signer.sign(command.signed_part())}))


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Office:
    return Office(tmp_path, clock)


@pytest.fixture
def calls() -> list[Any]:
    return []


@pytest.fixture
def desk(office: Office, clock: FakeClock, calls: list[Any]) -> CommandDesk:
    def live(args: Any) -> dict[str, Any]:
        calls.append(args)
        return {"lease": args.lease}

    def clip(args: Any) -> dict[str, Any]:
        raise SourceUnreachable(f"no footage of {args.camera}")

    def broken(args: Any) -> dict[str, Any]:
        raise RuntimeError("a bug")

    return CommandDesk("town", "pole", office.verifier, clock, {"live": live, "clip": clip, "watch": broken})


def test_a_good_command_is_done_once_and_answered_each_time(desk: CommandDesk, office: Office, calls: list[Any]):
    body = office.command()
    first = desk.handle(f"{ROOT}/command/live", body, False)
    assert first == Reply(id="c1", ok=True, result={"lease": "l1"})
    assert desk.handle(f"{ROOT}/command/live", body, False) == first
    assert (len(calls), calls[0].seconds) == (1, 20)


@pytest.mark.parametrize(
    "fault",
    ["retained", "unsigned", "wrong key", "changed", "other gateway", "other site", "other verb", "expired", "garbage"],
)
def test_what_is_not_surely_the_centres_is_counted_and_not_answered(
    desk: CommandDesk, office: Office, clock: FakeClock, calls: list[Any], tmp_path: Path, fault: str
):
    topic, body = f"{ROOT}/command/live", office.command()
    match fault:
        case "unsigned":
            body = body.replace(b'"signature":"', b'"signature":"00')
        case "wrong key":
            body = Office(tmp_path / "other", clock).command()
        case "changed":
            body = body.replace(b'"seconds":20', b'"seconds":99')
        case "other gateway":
            body = office.command(gateway="pole2")
        case "other site":
            body = office.command(site="village")
        case "other verb":
            topic = f"{ROOT}/command/clip"
        case "expired":
            desk.centre_clock.learn(rfc3339(clock.wall_ns() + 60 * NS))
        case "garbage":
            body = b"{"
    assert desk.handle(topic, body, fault == "retained") is None
    assert (desk.refused, calls) == (1, [])


def test_expiry_goes_by_the_centres_clock_not_by_ours(desk: CommandDesk, office: Office, clock: FakeClock):
    body = office.command()
    desk.centre_clock.learn(rfc3339(clock.wall_ns()))
    clock.step_wall(-50 * 365 * 86_400)  # our own clock falls back to the seventies
    assert desk.handle(f"{ROOT}/command/live", body, False) is not None
    clock.advance(3600)
    assert desk.handle(f"{ROOT}/command/live", body, False) is None


def test_a_gateway_in_1970_obeys_and_learns_the_time_from_the_command(
    desk: CommandDesk, office: Office, clock: FakeClock
):
    body, now_ns = office.command(), clock.wall_ns()
    clock.step_wall(-now_ns / NS)
    assert desk.handle(f"{ROOT}/command/live", body, False) is not None
    assert desk.centre_clock.now_ns() == now_ns


def test_wrong_arguments_unknown_verbs_and_falls_are_answered_in_one_line(desk: CommandDesk, office: Office):
    def ask(verb: str, args: dict[str, Any], command: str) -> Reply | None:
        return desk.handle(f"{ROOT}/command/{verb}", office.command(verb, args, id=command), False)

    wrong = ask("live", {**LIVE, "seconds": 100_000}, "a")
    assert wrong is not None
    assert not wrong.ok
    assert "seconds" in wrong.error
    assert ask("dance", {}, "b") == Reply(id="b", ok=False, error="this gateway does not know the verb dance")
    assert ask("live_stop", {"lease": "l"}, "c") == Reply(
        id="c", ok=False, error="this gateway does not know the verb live_stop"
    )
    assert ask("watch", {"camera": "cam"}, "d") == Reply(id="d", ok=False, error="watch fell: RuntimeError")


def test_previews_wait_for_what_somebody_wants_to_keep(office: Office, clock: FakeClock, running):
    done: list[str] = []

    def does(verb: str):
        return lambda _args: done.append(verb) or {}

    desk = CommandDesk("town", "pole", office.verifier, clock, {verb: does(verb) for verb in ("clip", "previews")})
    span = {"camera": "cam", "start": "2026-07-01T00:00:00Z", "end": "2026-07-01T00:00:20Z"}
    for number, verb in enumerate(["previews", "previews", "clip"]):
        assert desk.handle(f"{ROOT}/command/{verb}", office.command(verb, span, id=f"c{number}"), False) is None
    running(desk)
    wait_for(lambda: len(done) == 3)
    assert done == ["clip", "previews", "previews"]


def test_slow_commands_run_on_the_desks_thread_and_are_bounded(desk: CommandDesk, office: Office, running):
    replies: list[Reply] = []
    desk.on_reply = replies.append
    args = {"camera": "cam", "start": rfc3339(0), "end": rfc3339(NS)}
    given = [desk.handle(f"{ROOT}/command/clip", office.command("clip", args, id=f"c{n}"), False) for n in range(18)]
    assert given[:16] == [None] * 16
    assert [reply.ok for reply in given[16:] if reply] == [False, False]
    running(desk)
    wait_for(lambda: len(replies) == 16)
    assert replies[0] == Reply(id="c0", ok=False, error="no footage of cam")
    assert desk.handle(f"{ROOT}/command/clip", office.command("clip", args, id="c0"), False) == replies[0]


def test_without_a_command_key_everything_is_refused_and_health_says_so(office: Office, clock: FakeClock):
    desk = CommandDesk("town", "pole", None, clock, {"live": lambda _: {}})
    assert desk.handle(f"{ROOT}/command/live", office.command(), False) is None
    assert desk.refused == 1
    assert desk.problem == "no command key: commands of the centre are refused"


def test_a_command_over_a_real_broker_is_answered_and_a_retained_one_is_not(
    mosquitto, make_uplink, running, tmp_path: Path
):
    office = Office(tmp_path, SystemClock())
    broker = mosquitto()
    uplink, _ = make_uplink(broker.url, verifier=office.verifier, handlers={"live": lambda args: {"lease": args.lease}})
    with Centre(broker.url) as centre:
        old = centre.client.publish(f"{ROOT}/command/live", office.command(id="old"), 1, retain=True)
        old.wait_for_publish(10)
        running(*uplink.workers)
        wait_for(lambda: uplink.health().commands_refused == {"retained": 1})
        centre.client.publish(f"{ROOT}/command/live", office.command(id="new"), 1)
        replies = wait_for(lambda: [body for topic, body, _ in centre.other if "/reply/" in topic])
    assert [decode(Reply, body) for body in replies] == [Reply(id="new", ok=True, result={"lease": "l1"})]


def test_a_command_that_comes_again_after_a_restart_is_answered_and_not_done_again(
    office: Office, clock: FakeClock, tmp_path: Path
):
    done: list[Any] = []

    def clip(args: Any) -> dict[str, Any]:
        done.append(args)
        return {"media": f"m{len(done)}"}

    args = {"camera": "cam", "start": rfc3339(clock.wall_ns()), "end": rfc3339(clock.wall_ns() + NS)}
    body = office.command("clip", args)
    for _ in range(2):
        outbox = Outbox(tmp_path / "outbox.db", clock)
        replies: list[Reply] = []
        desk = CommandDesk("town", "pole", office.verifier, clock, {"clip": clip}, outbox.replies)
        desk.on_reply = replies.append
        replies += [found] if (found := desk.handle(f"{ROOT}/command/clip", body, False)) else []
        if waiting := desk._slow.get(0):
            desk.on_reply(desk._do(*waiting))
        assert replies == [Reply(id="c1", ok=True, result={"media": "m1"})]
        outbox.close()
    assert (len(done), desk.repeated) == (1, 1)


def test_a_gateway_in_1970_obeys_at_once_but_nothing_older_than_what_it_once_knew(office: Office, tmp_path: Path):
    """Its clock lost its battery; a broker that kept an old command must not have it done now."""
    then, lost = office.clock, FakeClock(wall_ns=0)
    outbox = Outbox(tmp_path / "outbox.db", then)
    old = office.command(id="old")
    then.advance(3600)
    first = CommandDesk("town", "pole", office.verifier, then, {"live": lambda _: {}}, outbox.replies)
    first.centre_clock.learn(rfc3339(then.wall_ns()))
    desk = CommandDesk("town", "pole", office.verifier, lost, {"live": lambda _: {}}, outbox.replies)
    assert desk.handle(f"{ROOT}/command/live", old, False) is None
    assert desk.reasons == {"expired": 1}
    answered = desk.handle(f"{ROOT}/command/live", office.command(id="new"), False)
    assert answered is not None
    assert answered.ok
    outbox.close()
