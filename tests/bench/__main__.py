"""`make bench`: each benchmark against a bare loop of the same work in the same run; ratios, as JSON.

Machines are noisy: every figure is the median of interleaved rounds, and what counts is the ratio.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.bench import outbox, pipeline

OUTPUT = Path(__file__).parents[1] / "output" / "bench.json"


def main() -> int:
    """Run all, print a line each, write the JSON."""
    results = {}
    for name, bench in (("pipeline", pipeline.run), ("outbox", outbox.run)):
        results[name] = bench()
        print(f"{name}: {json.dumps(results[name])}", flush=True)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(results, indent=2) + "\n")
    print(f"written to {OUTPUT}")
    return 0


sys.exit(main())
