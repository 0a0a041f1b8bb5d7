import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.gateway import GatewayConfig
from agent.config.lines import LineIndex
from agent.config.load import load_central, load_gateway, show
from agent.core.errors import ConfigError

GOOD = """
[gateway]
id = "pole-17"
site = "hartford"
[[camera]]
id = "park"
url = "rtsp://192.0.2.17/axis-media/media.amp"
"""

FOUR_MISTAKES = """[gateway]
id = "pole 17"
site = "hartford"

[storage]
max_bytes = "lots"

[[camera]]
id = "park"
url = "http://192.0.2.17/"

[[camera]]
id = "yard"
urll = "rtsp://192.0.2.18/"
url = "rtsp://192.0.2.18/"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "gateway.toml"
    path.write_text(text)
    return path


def problems(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_gateway(write(folder, text))
    return caught.value.problems


def test_only_ids_and_an_address_are_required(tmp_path) -> None:
    config = load_gateway(write(tmp_path, GOOD))
    assert config.camera[0].record == "continuous"
    assert config.storage.keep_days == 30
    assert config.mqtt is None


def test_four_mistakes_are_reported_together_with_path_and_line(tmp_path) -> None:
    found = problems(tmp_path, FOUR_MISTAKES)
    places = [problem.removeprefix(f"{tmp_path}/gateway.toml:").split(": ")[:2] for problem in found]
    assert places == [
        ["2", "gateway.id"],
        ["6", "storage.max_bytes"],
        ["10", "camera[0].url"],
        ["14", "camera[1].urll"],
    ]
    assert "did you mean 'url'" in found[3]


def test_the_command_reports_them_and_exits_with_2(tmp_path) -> None:
    path = write(tmp_path, FOUR_MISTAKES)
    done = subprocess.run(
        [sys.executable, "-m", "agent.cli", "config", "check", str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 4)
    assert "Traceback" not in done.stderr


def test_a_password_in_an_address_is_refused_without_repeating_it(tmp_path) -> None:
    (problem,) = problems(tmp_path, GOOD.replace("rtsp://", "rtsp://viewer:hunter2@"))
    assert "password_file" in problem
    assert "hunter2" not in problem


def test_still_must_name_zones_that_exist_and_fit_into_the_ring(tmp_path) -> None:
    (problem,) = problems(tmp_path, GOOD + '[camera.still]\nenabled = true\nzones = ["plaza"]\n')
    assert "plaza" in str(problem)
    (problem,) = problems(
        tmp_path, GOOD + 'record = "events"\nring_s = 60\n[camera.still]\nenabled = true\nafter_s = 90\n'
    )
    assert "ring_s" in str(problem)


def test_a_rule_must_name_a_zone_that_exists(tmp_path) -> None:
    (problem,) = problems(tmp_path, GOOD + '[[camera.rule]]\nkind = "zone_entered"\nzone = "plaza"\n')
    assert "'plaza'" in problem


def test_camera_ids_must_differ(tmp_path) -> None:
    second = '[[camera]]\nid = "park"\nurl = "rtsp://192.0.2.18/"\n'
    assert any("two cameras" in problem for problem in problems(tmp_path, GOOD + second))


@pytest.mark.parametrize(
    ("text", "said"), [("[gateway", "not TOML"), ("", "gateway: is missing"), ("x" * (2 << 20), "larger")]
)
def test_what_is_no_configuration(tmp_path, text: str, said: str) -> None:
    assert said in problems(tmp_path, text)[0] or any(said in problem for problem in problems(tmp_path, text))


def test_a_missing_file_is_one_line(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.toml: cannot be read: No such file"):
        load_gateway(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("text", "size"), [("200GB", 200 * 10**9), ("64MiB", 64 << 20), ("5", 5), ("1.5kB", 1500), ("7B", 7)]
)
def test_sizes(tmp_path, text: str, size: int) -> None:
    assert load_gateway(write(tmp_path, f'{GOOD}[storage]\nmax_bytes = "{text}"\n')).storage.max_bytes == size


def test_the_centre_refuses_plain_http_off_this_machine(tmp_path) -> None:
    path = tmp_path / "central.toml"
    path.write_text('[central]\nlisten = "0.0.0.0:8080"\n')
    with pytest.raises(ConfigError, match="plain HTTP"):
        load_central(path)
    path.write_text('[central]\nlisten = "0.0.0.0:8080"\nbehind_proxy = true\n')
    assert load_central(path).central.behind_proxy


def test_show_holds_paths_of_secrets_only(tmp_path) -> None:
    (tmp_path / "secret").write_text("hunter2\n")
    config = load_gateway(write(tmp_path, f'{GOOD}username = "viewer"\npassword_file = "{tmp_path}/secret"\n'))
    text = json.dumps(show(config))
    assert "hunter2" not in text
    assert "password_file" in text


def test_what_is_shown_has_the_names_of_the_file(tmp_path) -> None:
    hours = '[[camera.schedule]]\nfrom = "08:00"\nto = "18:00"\nrecord = "off"\n'
    shown = show(load_gateway(write(tmp_path, f"{GOOD}{hours}")))
    assert shown["camera"][0]["schedule"] == [{"days": [], "from": "08:00", "to": "18:00", "record": "off"}]
    assert GatewayConfig.model_validate(shown)


def test_lines_of_nested_and_repeated_tables() -> None:
    text = "[[camera]]\nid='a'\n[[camera.zone]]\nname='z'\npolygon = [\n [0, 1],\n]\n"
    text += "[[camera]]\n[[camera.zone]]\nname='y'\n[a.b]\nc.d = 1\n"
    index = LineIndex(text)
    assert index.line(("camera", 0, "zone", 0, "polygon", 1, 0)) == 5
    assert index.line(("camera", 1, "zone", 0, "name")) == 10
    assert index.line(("camera", 1, "url")) == 8
    assert index.line(("a", "b", "c", "d")) == 12
    assert index.line(("nothing",)) == 1


@given(st.text(max_size=200))
def test_line_index_takes_any_text(text: str) -> None:
    assert LineIndex(text).line(("camera", 0)) >= 1
