import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.backoff import Backoff
from agent.core.clock import NS, parse_rfc3339, rfc3339
from agent.core.errors import ConfigError
from agent.core.geometry import Box, inside, iou
from agent.core.ids import is_id, new_id
from agent.core.signing import Signer, Verifier
from agent.core.stop import StopToken


@given(st.integers(0, 4_000_000_000_000))
def test_times_survive_the_text_form_to_the_millisecond(wall_ms: int) -> None:
    assert parse_rfc3339(rfc3339(wall_ms * 1_000_000)) == wall_ms * 1_000_000


def test_time_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="without an offset"):
        parse_rfc3339("2026-01-31T12:00:00")


def test_time_with_another_offset_is_understood() -> None:
    assert rfc3339(parse_rfc3339("2026-01-31T14:00:00+02:00")) == "2026-01-31T12:00:00.000Z"


def test_backoff_grows_to_its_ceiling_and_starts_again() -> None:
    backoff = Backoff(1, 10, draw=lambda: 1.0)
    assert [backoff.next_s() for _ in range(6)] == [1, 2, 4, 8, 10, 10]
    backoff.reset()
    assert backoff.next_s() == 1


def test_backoff_jitter_stays_in_the_upper_half() -> None:
    backoff = Backoff(8, 8)
    assert all(4 <= backoff.next_s() <= 8 for _ in range(100))


def test_ids_are_sorted_by_time_unique_and_safe() -> None:
    made = [new_id(second * NS) for second in range(1_700_000_000, 1_700_000_100)]
    assert made == sorted(made)
    assert len(set(made)) == 100
    assert all(is_id(one) and re.fullmatch(r"[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}", one) for one in made)


@pytest.mark.parametrize("text", ["", "a/b", "a b", "+", "#", "-a", ".", "..", "é", "a" * 65, "a\n", "../etc"])
def test_what_is_no_id(text: str) -> None:
    assert not is_id(text)


def test_iou_of_equal_apart_and_half_boxes() -> None:
    box = Box(0.2, 0.2, 0.4, 0.4)
    assert iou(box, box) == pytest.approx(1)
    assert iou(box, Box(0.5, 0.5, 0.6, 0.6)) == 0
    assert iou(box, Box(0.2, 0.2, 0.3, 0.4)) == pytest.approx(0.5)


def test_inside_a_polygon_with_a_dent() -> None:
    dented = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.3), (0.0, 1.0)]
    assert inside((0.1, 0.5), dented)
    assert inside((0.9, 0.5), dented)
    assert not inside((0.5, 0.8), dented)
    assert not inside((1.1, 0.5), dented)


def test_stop_reaches_children_made_before_and_after() -> None:
    parent = StopToken()
    before = StopToken(parent)
    parent.set()
    assert before.is_set()
    assert StopToken(parent).is_set()
    assert before.wait(0)


def test_signature_fits_only_the_document_that_was_signed(tmp_path) -> None:
    signer = Signer.load_or_make(tmp_path / "keys" / "command.pem")
    again = Signer.load_or_make(tmp_path / "keys" / "command.pem")
    verifier = Verifier.from_pem(again.public_pem(), "centre")
    signature = signer.sign({"b": 1, "a": ["x"]})
    assert verifier.verify({"a": ["x"], "b": 1}, signature)
    assert not verifier.verify({"a": ["x"], "b": 2}, signature)
    assert not verifier.verify({"a": ["x"], "b": 1}, "zz")
    assert (tmp_path / "keys" / "command.pem").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_no_key_is_named(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"here\.pem: not an Ed25519 public key"):
        Verifier.from_pem(b"nonsense", "here.pem")
