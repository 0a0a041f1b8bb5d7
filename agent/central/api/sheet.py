"""Lines of a CSV file (RFC 4180) that a spreadsheet cannot take for anything but text and numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet begins a formula at (OWASP, CSV Injection); some take the wide forms for it, too."""


def line(cells: Iterable[Any]) -> str:
    """One line. A text that a spreadsheet would take for a formula gets an apostrophe; numbers stay numbers."""
    text = io.StringIO()
    csv.writer(text).writerow([_harmless(cell) for cell in cells])
    return text.getvalue()


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
