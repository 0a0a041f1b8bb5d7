import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.gateway import GatewayConfig
from agent.config.ground import plan_of
from agent.config.lines import LineIndex
from agent.config.load import listening_at, load_central, load_gateway, show
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


UNDIALLED = ["h:99999", "h:0", "h:x", "centre..example", f"{'a' * 64}.example", "[::1", "a b"]


@pytest.mark.parametrize("host", UNDIALLED)
def test_a_host_or_port_that_nobody_can_dial_is_one_line(tmp_path, host: str) -> None:
    for text, key in (
        (GOOD.replace("192.0.2.17/", f"{host}/"), "camera[0].url"),
        (f'{GOOD}[mqtt]\nurl = "mqtts://{host}"\n', "mqtt.url"),
        (f'{GOOD}[mqtt]\nurl = "mqtts://h"\nfallback_urls = ["mqtts://{host}"]\n', "mqtt.fallback_urls[0]"),
    ):
        (problem,) = problems(tmp_path, text)
        assert f": {key}: " in problem
    path = tmp_path / "central.toml"
    path.write_text(f'[central]\nbroker = "mqtts://{host}"\n')
    with pytest.raises(ConfigError, match=r"central\.broker: "):
        load_central(path)


@pytest.mark.parametrize("host", ["h", "h:65535", "bücher.example:1", "[fe80::1]:8883", "192.0.2.1", "h.example."])
def test_hosts_and_ports_that_can_be_dialled(tmp_path, host: str) -> None:
    assert load_gateway(write(tmp_path, f'{GOOD}[mqtt]\nurl = "mqtts://{host}"\n')).mqtt.url == f"mqtts://{host}"
    assert load_gateway(write(tmp_path, GOOD.replace("192.0.2.17/", f"{host}/"))).camera[0].url.startswith("rtsp://")


@pytest.mark.parametrize("login", ["pole@", "pole:hunter2@", ":hunter2@"])
def test_user_and_password_of_a_broker_do_not_stand_in_its_address(tmp_path, login: str) -> None:
    (problem,) = problems(tmp_path, f'{GOOD}[mqtt]\nurl = "mqtts://{login}h"\n')
    path = tmp_path / "central.toml"
    path.write_text(f'[central]\nbroker = "mqtts://{login}h"\n')
    with pytest.raises(ConfigError, match="mqtt_username and mqtt_password_file") as caught:
        load_central(path)
    assert "password_file" in problem
    assert "hunter2" not in problem + str(caught.value)


@pytest.mark.parametrize("value", ["inf", "nan", "-inf", "1e300", "36501"])
@pytest.mark.parametrize(
    "table",
    ["[storage]\nkeep_days", "[storage.archive]\npath = '/a'\nkeep_days", "[storage.archive]\npath = '/a'\nafter_days",
     "[storage]\nsync_interval_s", "[analysis]\nfps", "[camera.place]\nlongitude = 0\nlatitude"],
)  # fmt: skip
def test_what_has_no_end_is_no_number(tmp_path, table: str, value: str) -> None:
    assert len(problems(tmp_path, f"{GOOD}{table} = {value}\n")) == 1


@pytest.mark.parametrize("table", ["", "[[camera.mask]]\npolygon = [[nan, 0], [1, 0], [1, 1]]\n"])
def test_neither_are_a_cameras(tmp_path, table: str) -> None:
    (problem,) = problems(tmp_path, GOOD + (table or "keep_days = inf\n"))
    assert "finite" in problem


@pytest.mark.parametrize("size", ['"' + "9" * 400 + 'GB"', "9" * 400, '"999999999999TB"'])
def test_a_size_beyond_every_disk_is_one_line(tmp_path, size: str) -> None:
    (problem,) = problems(tmp_path, f"{GOOD}[storage]\nmax_bytes = {size}\n")
    assert "storage.max_bytes" in problem


@pytest.mark.parametrize("rate", ['"' + "9" * 400 + 'Mbit/s"', "9" * 400])
def test_a_rate_beyond_every_link_is_one_line(tmp_path, rate: str) -> None:
    (problem,) = problems(tmp_path, f"{GOOD}[uplink]\nrate_limit = {rate}\n")
    assert "uplink.rate_limit" in problem


def test_zones_and_lines_of_a_camera_have_names_of_their_own(tmp_path) -> None:
    zone = '[[camera.zone]]\nname = "gate"\npolygon = [[0, 0], [1, 0], [1, 1]]\n'
    line = '[[camera.line]]\nname = "gate"\npoints = [[0, 0], [1, 0]]\n'
    assert load_gateway(write(tmp_path, GOOD + zone + line)).camera[0].line
    found = problems(tmp_path, GOOD + zone + line + zone + line)
    assert [problem.partition(": ")[2] for problem in found] == [
        f"camera[0].{kind}[1].name: another {kind} of this camera is called 'gate'; names must differ"
        for kind in ("zone", "line")
    ]


def test_a_password_needs_its_user(tmp_path) -> None:
    for url in (GOOD, GOOD.replace("rtsp://", "rtsp://viewer@")):
        (problem,) = problems(tmp_path, f'{url}password_file = "/p"\n')
        assert "password_file without username" in problem


def test_still_must_name_zones_that_exist_and_fit_into_the_ring(tmp_path) -> None:
    (problem,) = problems(tmp_path, GOOD + '[camera.still]\nenabled = true\nzones = ["plaza"]\n')
    assert "plaza" in str(problem)
    (problem,) = problems(
        tmp_path, GOOD + 'record = "events"\nring_s = 60\n[camera.still]\nenabled = true\nafter_s = 90\n'
    )
    assert "ring_s" in str(problem)
    still = "ring_s = 60\n[camera.still]\nenabled = true\nafter_s = 90\n"
    (problem,) = problems(tmp_path, f'{GOOD}{still}[[camera.schedule]]\nfrom = "20:00"\nrecord = "events"\n')
    assert "ring_s" in problem


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


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://u:hunter2@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:hun/te@r2@h:5432/db", "postgresql://u:***@h:5432/db"),
        ("postgresql://h:5432/db?user=u&password=hunte@r2&x=1", "postgresql://h:5432/db?user=u&password=***&x=1"),
        ("postgresql://u@h/db", "postgresql://u@h/db"),
    ],
)
def test_the_password_of_a_database_is_used_and_not_shown(tmp_path, address: str, shown: str) -> None:
    path = tmp_path / "central.toml"
    path.write_text(f'[central]\ndatabase = "{address}"\n')
    config = load_central(path)
    assert show(config)["central"]["database"] == shown
    assert listening_at(config, "127.0.0.1:9").central.database == address


def test_what_is_shown_has_the_names_of_the_file(tmp_path) -> None:
    hours = '[[camera.schedule]]\nfrom = "08:00"\nto = "18:00"\nrecord = "off"\n'
    shown = show(load_gateway(write(tmp_path, f"{GOOD}{hours}")))
    assert shown["camera"][0]["schedule"] == [
        {"days": [], "from": "08:00", "to": "18:00", "dates": [], "except_dates": [], "record": "off"}
    ]
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


RULES = """
[[camera.zone]]
name = "plaza"
polygon = [[0, 0], [1, 0], [1, 1]]
[[camera.rule]]
kind = "loitering"
zone = "plaza"
after_s = 0
[[camera.rule]]
kind = "loitring"
[[camera.rule]]
kind = "speeding"
over = 50
unit = "km/h"
labels = ["vehicle"]
[[camera.rule]]
kind = "zone_entered"
zone = "piazza"
when = [{ from = "sunset", to = "sunrise" }]
[[camera.rule]]
kind = "line_crossed"
zone = "plaza"
line = "gate"
[[camera.rule]]
zone = "plaza"
[[camera.rule]]
kind = "count"
"""


def test_each_mistake_in_a_rule_is_one_line_where_it_stands(tmp_path) -> None:
    found = problems(tmp_path, GOOD + RULES)
    said = {int(text.partition("gateway.toml:")[2].partition(":")[0]): text for text in found}
    begin = len(GOOD.splitlines())
    assert {line - begin for line in said} == {8, 10, 22, 24, 26}
    assert "greater than or equal to 1" in said[begin + 8]
    assert "did you mean 'loitering'" in said[begin + 10]
    assert "unknown key" in said[begin + 22]
    assert "kind: is missing" in said[begin + 24]
    assert "one of the keys line and zone" in said[begin + 26]
    assert all("plugin" not in text and "function" not in text for text in found)


def test_what_does_not_fit_together_is_told_of_every_rule(tmp_path) -> None:
    text = (
        RULES.replace("after_s = 0", "")
        .replace('kind = "loitring"', 'kind = "tamper"')
        .replace('zone = "plaza"\nline', "line")
    )
    text = text.replace('[[camera.rule]]\nzone = "plaza"\n', "").replace('[[camera.rule]]\nkind = "count"\n', "")
    found = "\n".join(problems(tmp_path, GOOD + text))
    assert "unit = km/h needs to know the ground: add [camera.ground]" in found
    assert "names the zone 'piazza'" in found
    assert "names the line 'gate'" in found
    assert "goes by the sun; it needs [camera.place]" in found
    assert len(found.splitlines()) == 4


GROUND = """
[camera.ground]
points = [[0.2, 0.9], [0.8, 0.9], [0.65, 0.5], [0.35, 0.5]]
"""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "needs one of metres, distances and positions"),
        ("metres = [[0, 0], [6, 0], [6, 20]]", "3 entries for 4 points"),
        ("metres = [[0, 0], [6, 0], [6, -20], [0, -20]]", "turn different ways"),
        ("metres = [[0, 0], [6, 0], [0, 20], [6, 20]]", "do not fit"),
        ("metres = [[0, 0], [6, 0], [3, 0], [0, 20]]", "three lie on one line"),
        ("distances = [6, 20, 6, 20]", "five"),
        ("distances = [6, 20, 6, 20, 40]", "make no triangle"),
        ("metres = [[0, 0], [6, 0], [6, 20], [0, 20]]\nbearing = 400", "less than 360"),
    ],
)
def test_a_ground_that_was_not_measured_right_is_one_line(tmp_path, more: str, said: str) -> None:
    (problem,) = problems(tmp_path, GOOD + GROUND + more + "\n")
    assert said in problem


@pytest.mark.parametrize(
    "more", ["metres = [[0, 0], [6, 0], [6, 20], [0, 20]]", "distances = [6, 20, 6, 20, 20.9]",
             "positions = [[48.2, 16.37], [48.2, 16.37008], [48.20018, 16.37008], [48.20018, 16.37]]"],
)  # fmt: skip
def test_a_ground_is_said_in_metres_in_distances_or_in_positions(tmp_path, more: str) -> None:
    config = load_gateway(write(tmp_path, GOOD + GROUND + more + "\n"))
    (_, _, (x, y), _) = plan_of(config.camera[0].ground)
    assert (x**2 + y**2) ** 0.5 == pytest.approx(20.9, rel=0.03)


def test_people_need_the_lens(tmp_path) -> None:
    (problem,) = problems(tmp_path, GOOD + "[camera.ground]\n")
    assert "hfov" in problem
    assert load_gateway(write(tmp_path, GOOD + "[camera.ground]\nhfov = 80\n")).camera[0].ground
