"""A program as a process that writes down each place that it would connect to or listen at.

    python audited.py LOG [SCRIPT.py] ARGUMENT...

Without a script it is `sidelong`.

The interpreter's own audit tells, which no library gets around in Python.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

NETWORK = {
    "socket.bind": 1,
    "socket.connect": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyaddr": 0,
    "socket.gethostbyname": 0,
    "socket.sendmsg": 1,
    "socket.sendto": 1,
}
"""The events, with the argument that names the place."""

OWN = ("127.0.0.1", "::1", "localhost")


def places(log: Path) -> list[str]:
    """Every host that a process with this log has asked for."""
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def check(log: Path) -> None:
    """Fail if a process with this log, if any, has asked for another machine."""
    elsewhere = set(places(log)) - set(OWN) if log.exists() else set()
    assert not elsewhere, f"the server asked for {elsewhere}"


if __name__ == "__main__":
    log = Path(sys.argv.pop(1)).open("a", buffering=1, encoding="utf-8")  # noqa: SIM115

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event in NETWORK:
            place = arguments[NETWORK[event]]
            host = place[0] if isinstance(place, tuple) else place
            print(json.dumps(host.decode() if isinstance(host, bytes) else str(host)), file=log)

    sys.addaudithook(watch)
    if sys.argv[1:] and sys.argv[1].endswith(".py"):
        del sys.argv[0]
        runpy.run_path(sys.argv[0], run_name="__main__")
    else:
        from sidelong.__main__ import main

        sys.exit(main())
