"""The service files, the container file and the examples: read as their readers would read them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from agent.cli import build_parser
from agent.config.load import load_central, load_gateway

ROOT = Path(__file__).parents[2]
UNITS = ("gateway", "centre", "ingest@", "web@")
WANTED = {
    "Type": "notify",
    "NotifyAccess": "main",
    "Restart": "always",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "CapabilityBoundingSet": "",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX AF_NETLINK",
    "KillMode": "mixed",
}
KNOWN_SECTIONS = {"Unit", "Service", "Install"}


def unit(name: str) -> dict[tuple[str, str], str]:
    """Section and key -> value; systemd.syntax(7) without what we do not use (quotes, continuation)."""
    section, found = "", {}
    for line in (ROOT / f"systemd/lamppost-{name}.service").read_text().splitlines():
        if not line or line.startswith(("#", ";")):
            continue
        if line.startswith("["):
            section = line.strip("[]")
            continue
        key, equals, value = line.partition("=")
        assert equals, line
        assert (section, key) not in found, f"{key} stands twice"
        found[section, key] = value
    return found


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_sandboxed_watched_and_bounded(name: str) -> None:
    keys = unit(name)
    assert {section for section, _ in keys} == KNOWN_SECTIONS
    assert {key: keys.get(("Service", key)) for key in WANTED} == WANTED
    for key in ("WatchdogSec", "MemoryMax", "TasksMax", "TimeoutStopSec", "StateDirectory", "User", "OOMPolicy"):
        assert keys["Service", key], key
    assert keys["Service", "User"] != "root"
    assert keys["Service", "SystemCallFilter"].split()[0] == "@system-service"


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_started_again_however_often_it_fell(name: str) -> None:
    """systemd.unit(5): at its start limit even a unit with Restart=always stays down until somebody starts it."""
    keys = unit(name)
    assert keys["Unit", "StartLimitIntervalSec"] == "0"
    assert ("Unit", "StartLimitBurst") not in keys
    assert int(keys["Service", "RestartSec"]) >= 5, "without a limit this wait is all that spares the machine"


def test_the_gateway_may_ask_whether_its_clock_is_synchronised() -> None:
    keys = unit("gateway")
    assert {"adjtimex", "clock_adjtime"} <= set(keys["Service", "SystemCallFilter"].split())
    assert ("Service", "ProtectClock") not in keys


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_a_verb_that_exists_on_a_file_below_etc(name: str) -> None:
    program, *words = unit(name)["Service", "ExecStart"].split()
    assert program.endswith("/bin/lamppost")
    args = build_parser().parse_args(words)
    assert args.config.is_relative_to("/etc/lamppost")


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_shows_how_to_give_it_secrets(name: str) -> None:
    text = (ROOT / f"systemd/lamppost-{name}.service").read_text()
    assert re.search(r"^#LoadCredential=[\w.-]+:/etc/lamppost/", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "example"), [("gateway", "gateway.toml"), *((one, "central.toml") for one in UNITS[1:])]
)
def test_the_state_folder_is_the_one_the_configuration_means(name: str, example: str) -> None:
    folder = Path("/var/lib") / unit(name)["Service", "StateDirectory"]
    path = ROOT / "packaging/examples" / example
    configured = load_gateway(path).storage.path if name == "gateway" else load_central(path).central.data
    assert configured == folder


def test_systemds_own_checker_has_no_complaint() -> None:
    checker = shutil.which("systemd-analyze")
    if checker is None:  # the tests above read the files themselves: nothing is lost where systemd is absent
        return
    said = subprocess.run(
        [checker, "verify", *(str(ROOT / f"systemd/lamppost-{name}.service") for name in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    # that /opt/lamppost is not installed on the machine that tests is no fault of the file
    complaints = [line for line in said.stderr.splitlines() if "lamppost" in line and "not executable" not in line]
    assert complaints == []


def test_the_examples_load_and_show_what_design_fixes() -> None:
    gateway = load_gateway(ROOT / "packaging/examples/gateway.toml")
    assert gateway.camera[0].rule[0].line == gateway.camera[0].line[0].name
    assert gateway.mqtt is not None
    central = load_central(ROOT / "packaging/examples/central.toml")
    assert (central.gateway[0].site, central.gateway[0].id) == (gateway.gateway.site, gateway.gateway.id)


def test_the_container_runs_as_nobody_special_and_knows_both_roles() -> None:
    text = (ROOT / "packaging/Containerfile").read_text()
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
    assert len(stages) == 2
    final = stages[-1]
    assert re.search(r"^USER lamppost$", final, re.MULTILINE)
    assert '"lamppost"]' in final
    assert "mosquitto" in final
    assert "--mount=type=bind,from=build" in final, "neither sources nor Node reach the final image"
    for path in re.findall(r"^COPY (?:--\S+ )*(\S+) ", text, re.MULTILINE):
        assert (ROOT / path).exists(), path
