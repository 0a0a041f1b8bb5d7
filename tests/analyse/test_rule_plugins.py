"""Rules of other packages: the documented example, and what those do no harm that break."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent.analyse.observe import Observation
from agent.analyse.rules.judge import Judge
from agent.config.gateway import Camera
from tests.analyse.rule_kit import Scene, Stage, walker
from tests.analyse.scene import at

EXAMPLE = Path(__file__).parents[2] / "docs/examples/lamppost-u-turn"
BROKEN = """
class Broken:
    def __init__(self, how, begins): self.how, self.begins, self.count = how, begins, 0
    def step(self, observation):
        self.count += 1
        if self.begins and self.count == 1:
            from agent.analyse.rules.port import Happening
            return [Happening("k", "start", "broken", observation.wall_ns, None, None)]
        if self.count < 3: return []
        if self.how == "raises": raise RuntimeError("no more")
        if self.how == "nonsense": return ["nonsense"]
        if self.how == "none": return None
        from agent.analyse.rules.port import Happening
        now = observation.wall_ns
        if self.how == "kind": return [Happening("k", "start", "Not a kind!", now, None, None)]
        if self.how == "phase": return [Happening("k", "middle", "broken", now, None, None)]
        if self.how == "time": return [Happening("k", "start", "broken", 10**30, None, None)]
        if self.how == "facts": return [Happening("k", "start", "broken", now, None, None, facts={"x": float("nan")})]
        if self.how == "flood": return [Happening(str(n), "start", "broken", now, None, None) for n in range(999)]
        raise AssertionError
def make(table, camera): return Broken(table.options["how"], table.options.get("begins"))
"""


def installed(folder: Path, name: str, points: dict[str, str]) -> None:
    """What `pip install` leaves of a package's announcements."""
    info = folder / f"{name}-1.0.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n")
    lines = [f"{kind} = {value}" for kind, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[lamppost.rules]", *lines]) + "\n")


@pytest.fixture
def packages(tmp_path, monkeypatch):
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    installed(tmp_path, "lamppost_u_turn", project["entry-points"]["lamppost.rules"])
    shutil.copy(EXAMPLE / "lamppost_u_turn.py", tmp_path)
    installed(tmp_path, "broken_rules", {"broken": "broken_rules:make", "missing": "nowhere_at_all:make"})
    (tmp_path / "broken_rules.py").write_text(BROKEN)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("lamppost_u_turn", "broken_rules"):
        sys.modules.pop(name, None)


def camera(*rules: dict) -> Camera:
    zone = {"name": "all", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}
    return Camera.model_validate({"id": "cam", "url": "file:/x.mp4", "zone": [zone], "rule": rules})


def test_the_example_finds_who_turns_around(packages):
    rules = camera({"kind": "u_turn", "zone": "all", "labels": ["person"], "severity": "alarm"})
    scene = Scene([walker(0, (-5, 14), (2, 14), (-5, 14.5)), walker(9, (5, 19), (-5, 19))], 18)
    told = [verdict for _, verdicts in Stage(rules).play(scene) for verdict in verdicts]
    assert [(table.title, table.severity, one.kind, one.phase) for _, table, one in told] == [
        ("u_turn all", "alarm", "u_turn", "start"),
        ("u_turn all", "alarm", "u_turn", "end"),
    ]


@pytest.mark.parametrize("how", ["raises", "nonsense", "none", "other", "kind", "phase", "time", "facts", "flood"])
def test_one_that_breaks_is_set_aside_and_the_others_go_on(packages, how):
    rules = camera({"kind": "broken", "options": {"how": how}}, {"kind": "zone_entered", "zone": "all"})
    stage = Stage(rules)
    told = [
        table.kind for _, verdicts in stage.play(Scene([walker(0, (-5, 14), (5, 14))], 8)) for _, table, _ in verdicts
    ]
    assert told == ["zone_entered", "zone_entered"]
    assert "broken is set aside" in stage.judge.trouble
    stage.judge.finish(Observation(at(9), ()))
    assert "broken is set aside" in stage.judge.trouble


def test_what_had_begun_ends_when_its_rule_is_set_aside(packages):
    judge = Judge(camera({"kind": "broken", "options": {"how": "raises", "begins": True}}))
    told = [one.phase for n in range(5) for _, _, one in judge.step(Observation(at(n), ()))]
    assert told == ["start", "end"]


def test_a_package_that_cannot_be_imported_hurts_nobody(packages):
    judge = Judge(camera({"kind": "missing"}))
    assert judge.step(Observation(at(0), ())) == []
    assert "nowhere_at_all" in judge.trouble


def test_a_kind_that_nobody_brings_is_a_mistake():
    with pytest.raises(ValidationError, match=r"no kind of rule is called 'loitring'.*did you mean 'loitering'"):
        camera({"kind": "loitring", "zone": "all"})


def test_config_check_has_the_package_look_at_its_options(packages):
    path = packages / "gateway.toml"
    text = '[gateway]\nid = "g"\nsite = "s"\n[[camera]]\nid = "c"\nurl = "file:/x.mp4"\n'
    path.write_text(text + '[[camera.rule]]\nkind = "u_turn"\noptions = { degrees = 20 }\n')
    command = [sys.executable, "-m", "agent.cli", "config", "check", str(path)]
    env = {"PYTHONPATH": str(packages), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert "degrees = 20 is not between 90 and 180" in done.stderr
    path.write_text(text + '[[camera.rule]]\nkind = "u_turn"\n')
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, "rule 1: u_turn" in done.stdout) == (0, True), done.stderr
