"""`python -m tests.bench.floor URL ...`: reads every stream through PyAV, a thread each, and keeps nothing."""

from __future__ import annotations

import signal
import sys
import threading

import av


def _read(url: str) -> None:
    with av.open(url, options={"rtsp_transport": "tcp", "analyzeduration": "2000000"}) as container:
        for _ in container.demux():
            pass


signal.signal(signal.SIGINT, signal.SIG_DFL)
for url in sys.argv[1:]:
    threading.Thread(target=_read, args=(url,)).start()
