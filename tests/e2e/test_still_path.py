"""A thing left before a real gateway: its event, its pictures, its clip, and "this belongs here", through MQTT."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.still_path import WITHIN_S, _events, arrival, site
from tests.central.helpers import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_it_reaches_the_centre_with_its_pictures_and_somebody_says_it_belongs_there(tmp_path: Path) -> None:
    with site(tmp_path) as centre:
        found = arrival(centre)
        assert found.pictures >= 3
        assert found.clip_begins_before_s > 1, "the clip shows how it was put down"
        with centre.service() as api:
            event = wait_for(lambda: [one for one in _events(api) if one["end"] is None], WITHIN_S)[0]
            assert api.post(f"/api/v1/events/{event['id']}/belongs").status_code == 204
            ended = wait_for(lambda: (one := api.get(f"/api/v1/events/{event['id']}").json())["end"] and one)
            assert (ended["attributes"]["outcome"], bool(ended["attributes"]["by"])) == ("absorbed", True)
            assert api.post(f"/api/v1/events/{event['id']}/belongs").status_code == 409
