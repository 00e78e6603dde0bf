"""`sidelong` on a machine whose name server never answers.

    python stalled_names.py LOG ARGUMENT...

LOG gets a line for each name that was asked for.
"""

from __future__ import annotations

import socket
import sys
import threading
from pathlib import Path

from sidelong.__main__ import main

if __name__ == "__main__":
    log = Path(sys.argv.pop(1)).open("a", buffering=1, encoding="utf-8")  # noqa: SIM115

    def stall(host: bytes | str, *_: object, **__: object) -> None:
        print(host.decode() if isinstance(host, bytes) else host, file=log)
        threading.Event().wait()

    socket.getaddrinfo = stall  # type: ignore[assignment]
    sys.exit(main())
