"""Ports of the loopback interface for the embedded servers."""

import itertools
import os
import socket
from pathlib import Path

from deploy.errors import EmbeddedServerError, PortTaken

LOOPBACK = "127.0.0.1"
_LOWEST = 10_000
_SPAN_WITHOUT_KERNEL = 20_000
_RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_tried = itertools.count()


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now, below the range from which the kernel serves outgoing connections.

    Out of that range: a client that keeps knocking at a stopped server's port can be given that very port for its own
    end, connect to itself and so keep the server from coming back. Another process may still take a port between this
    call and the server's start; `is_free` tells which. Raises EmbeddedServerError where every port is taken.
    """
    lowest, span = _LOWEST, _span()
    # Each process begins its search elsewhere, so that two that start at once seldom try the same port.
    first = os.getpid() * 101
    found: list[int] = []
    for step in itertools.islice(_tried, span):
        port = lowest + (first + step) % span
        if is_free(port):
            found.append(port)
            if len(found) == count:
                return found
    raise EmbeddedServerError(
        f"no free port on {LOOPBACK} between {lowest} and {lowest + span - 1}. Stop servers that are no longer needed, "
        f"or give a port outside this range."
    )


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback interface now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: connections of a stopped one that still wait for their end do not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def require_free(port: int, server: str, flag: str) -> None:
    """Raise PortTaken, naming the option that chooses another port, unless a server could listen on this one."""
    if not is_free(port):
        raise PortTaken(
            f"{server} cannot listen on {LOOPBACK}:{port}: the port is in use or not allowed to this user. Stop what "
            f"listens there (`ss -ltnp 'sport = :{port}'` shows it), or choose another port with {flag}; 0 chooses a "
            f"free one."
        )


def _span() -> int:
    """How many ports lie between the lowest one and the kernel's own range."""
    try:
        kernel_lowest = int(_RANGE_FILE.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return _SPAN_WITHOUT_KERNEL
    return kernel_lowest - _LOWEST if kernel_lowest > _LOWEST + 1000 else _SPAN_WITHOUT_KERNEL
