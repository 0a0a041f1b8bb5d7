"""Records a file as a camera in real time, for tests that kill it: `recording.py STORE FILE`.

Prints the number of packets handed to the recorder after each of them.
"""

import sys
import threading
from pathlib import Path

from agent.capture.files import FileOpener
from agent.core.clock import SystemClock
from agent.core.stop import StopToken
from agent.record.recorder import Recorder
from agent.record.store import SegmentStore


def main() -> None:
    clock, stop = SystemClock(), StopToken()
    store = SegmentStore(Path(sys.argv[1]), clock)
    store.prepare()
    recorder = Recorder("cam", store, clock, sync_interval_s=2, on_segment=lambda _: None)
    threading.Thread(target=recorder.run, args=(stop,), daemon=True).start()
    source = FileOpener("cam", "main", sys.argv[2], clock, realtime=True, loop=True).open(stop)
    recorder.opened(source.info)
    for count, packet in enumerate(source.packets(stop), 1):
        recorder.packet(packet)
        print(count, flush=True)  # noqa: T201 - the test reads it


if __name__ == "__main__":
    main()
