"""The user's own folders (XDG Base Directory Specification 0.8)."""

from __future__ import annotations

import os
from pathlib import Path


def user_base(variable: str, *below_home: str) -> Path | None:
    """The folder that `variable` names, else the one below the home; None for a user who has no home."""
    if named := os.environ.get(variable):
        return Path(named)
    try:
        return Path.home().joinpath(*below_home)
    except RuntimeError:  # neither HOME nor a line in passwd(5), as in containers
        return None
