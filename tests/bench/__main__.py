"""`make bench`: each benchmark against a peer or a bare loop of the same work in the same run; ratios, as JSON.

`python -m tests.bench record` runs only those whose name begins with `record`. Machines are noisy: every figure is
the median of interleaved rounds, and what counts is the ratio.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench import (
    attributes,
    cameras,
    catalogue,
    centre,
    deletion,
    detect,
    drawn,
    ingest,
    media_in,
    outage,
    outbox,
    pipeline,
    record,
    rules,
    scenes,
    track,
    uplink,
    uplink_live,
    uplink_media,
    viewer,
    viewer_wall,
    watches,
)

OUTPUT = Path(__file__).parents[1] / "output" / "bench.json"

BENCHES: dict[str, Callable[[], dict[str, object]]] = {
    "detect": detect.run,
    "scenes": scenes.run,
    "pipeline": pipeline.run,
    "track": track.run,
    "rules": rules.run,
    "attributes": attributes.run,
    "cameras": cameras.run,
    "outbox": outbox.run,
    "centre-ingest": ingest.run,
    "centre-media": media_in.run,
    "centre-search": centre.run,
    "centre-size": centre.sized_run,
    "centre-drawn": drawn.run,
    "watches": watches.run,
    "viewer": viewer.run,
    "viewer-wall": viewer_wall.run,
    "uplink": uplink.run,
    "outage": outage.run,
    "record-peers": record.peers,
    "record-growth": record.growth,
    "record-catalogue": catalogue.run,
    "record-deletion": deletion.run,
    "uplink-media": uplink_media.run,
    "uplink-live": uplink_live.run,
}


def main(wanted: list[str]) -> int:
    """Run all, or those that are asked for; print a line each and write the JSON, keeping what others wrote there."""
    chosen = [name for name in BENCHES if not wanted or name.startswith(tuple(wanted))]
    if not chosen:
        print(f"no such benchmark; there are: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    results = json.loads(OUTPUT.read_text()) if wanted and OUTPUT.exists() else {}
    for name in chosen:
        results[name] = BENCHES[name]()
        print(f"{name}: {json.dumps(results[name])}", flush=True)
        OUTPUT.write_text(json.dumps(results, indent=2) + "\n")
    print(f"written to {OUTPUT}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
