"""Run a command where there is no network: in a Linux namespace with the loopback alone.

    python tools/offline.py COMMAND...

The exit status is the command's. Where such a namespace is not permitted, nothing is run, a line
says so, and the status is 1. Standard library only.
"""

from __future__ import annotations

import fcntl
import shutil
import socket
import struct
import subprocess
import sys

_WAYS = (["unshare", "--net"], ["unshare", "--user", "--map-root-user", "--net"])
"""The second is for users without rights of their own."""

_INSIDE = "--inside"
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
"""`SIOCGIFFLAGS`, `SIOCSIFFLAGS` and `IFF_UP` of Linux."""


def main(arguments: list[str]) -> int:
    """Run the command in a namespace of its own; a line on stderr says so, or why not."""
    if arguments[:1] == [_INSIDE]:
        return _inside(arguments[1:])
    way = next((way for way in _WAYS if _works(way)), None)
    if way is None:
        _say(
            "nothing was run. This system permits no network namespace (`unshare --net`): run it "
            "as root, or allow user namespaces."
        )
        return 1
    command = [*way, sys.executable, __file__, _INSIDE, *arguments]
    return subprocess.run(command, check=False).returncode


def _works(way: list[str]) -> bool:
    if sys.platform != "linux" or shutil.which(way[0]) is None:
        return False
    return subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0


def _inside(command: list[str]) -> int:
    """Start the loopback, which tests with a server of their own need, and run the command."""
    names = [name for _, name in socket.if_nameindex()]
    with socket.socket() as any_socket:
        request = struct.pack("16sH14x", b"lo", 0)
        answer = fcntl.ioctl(any_socket, _GET_FLAGS, request)
        (flags,) = struct.unpack_from("H", answer, 16)
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", b"lo", flags | _UP))
    if _is_reachable():
        _say("this namespace still has a way out")
        return 1
    _say(f"the interfaces are {', '.join(names)}, and there is no way out")
    return subprocess.run(command, check=False).returncode


def _is_reachable() -> bool:
    """True if there is a route to an address of examples; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward:
        try:
            outward.connect(("192.0.2.1", 9))
        except OSError:
            return False
    return True


def _say(message: str) -> None:
    sys.stderr.write(f"offline: {message}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
