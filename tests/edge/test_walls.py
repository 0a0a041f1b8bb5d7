import subprocess
import sys

HEAVY = ("numpy", "cv2", "onnxruntime", "lap")


def imported_by(module: str) -> set[str]:
    code = f"import sys; import {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_the_gateways_parent_imports_no_numpy_opencv_or_model_runtime() -> None:
    assert not imported_by("agent.edge.gateway") & set(HEAVY)


def test_the_command_line_loads_only_what_the_verb_needs() -> None:
    assert not imported_by("agent.cli") & {*HEAVY, "av", "fastapi", "sqlalchemy", "zeep", "paho"}


def test_the_child_is_where_they_are_imported() -> None:
    assert {"numpy", "cv2"} <= imported_by("agent.analyse.service")
