#!/bin/sh
# Builds dist/lamppost-*.whl (or into the folder given) with the viewer and the models' manifest inside, and looks.
set -eu

cd "$(dirname "$0")/.."
target=${1:-dist}
python=${PYTHON:-}
if [ -z "$python" ]; then
    if [ -x .venv/bin/python ]; then python=.venv/bin/python; else python=python3; fi
fi

"$python" -m pip --version >/dev/null 2>&1 || {
    echo "$python has no pip. On Debian and Ubuntu: apt-get install python3-pip, or make the environment: make lint" >&2
    exit 2
}
mkdir -p "$target"
rm -f "$target"/lamppost-*.whl
"$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$target" .
"$python" packaging/check_wheel.py "$target"/lamppost-*.whl
