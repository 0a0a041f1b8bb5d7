"""What the viewer says in English and not in Spanish, from its catalogues: patterns that no Spanish page may fit.

The catalogues are TypeScript; their sentences are string and template literals, so two patterns read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

TEXT = Path(__file__).parents[2] / "agent/central/web/src/text"
_PLAIN = re.compile(r'"((?:[^"\\\n]|\\.)*)"(?!\s*:)')  # not the keys
_TEMPLATE = re.compile(r"`([^`]*)`")
_COMMENT = re.compile(r"^\s*(?:/?\*|//).*$", re.MULTILINE)
_WORDS = re.compile(r"[A-Za-z]{3,}")
_GAP = "\0"
_FILLED = re.compile(r"\$\{(?:[^{}]|\{[^{}]*\})*\}")


def english_only() -> list[re.Pattern[str]]:
    """One pattern for each English sentence (a template's gaps fit anything) that Spanish does not say, too."""
    english = _sentences(TEXT.glob("*.ts"))
    spanish = _sentences((TEXT / "es").glob("*.ts"))
    return [_pattern(sentence) for sentence in sorted(english - spanish) if _WORDS.search(sentence)]


def _sentences(files: Iterable[Path]) -> set[str]:
    found: set[str] = set()
    for file in files:
        if file.name in {"index.ts", "language.ts", "say.ts"} and file.parent == TEXT:
            continue
        source = _COMMENT.sub("", file.read_text())
        lines = [line for line in source.splitlines() if not line.startswith("import ")]
        for pattern in (_PLAIN, _TEMPLATE):
            found |= {_FILLED.sub(_GAP, sentence) for sentence in pattern.findall("\n".join(lines))}
    return found


def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(".+".join(re.escape(part) for part in sentence.split(_GAP)))
