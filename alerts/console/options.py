"""The options of the console."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from detectors.errors import UnusableInput
from detectors.options import option


@dataclass(frozen=True)
class ConsoleOptions:
    """Where the console listens, and whom it lets in."""

    console_host: str = option("127.0.0.1", "address to listen on: one of this machine's own (127.0.0.0/8)")
    console_port: int = option(8700, "port to listen on")
    clearances: Path | None = option(None, "the clearance file (TOML): who sees and does what, where")  # noqa: RUF009  `option` makes a field
    dev_login: bool = option(False, "let whoever reaches the page choose any person of the file: for trying out")
    console_idle_minutes: float = option(30.0, "how long a session lasts without use", unit="minutes")
    console_session_hours: float = option(8.0, "how long a session lasts at most", unit="hours")


def checked(options: ConsoleOptions) -> Path:
    """The clearance file of usable options. Raises UnusableInput where the console would be open to others."""
    if not options.dev_login:
        raise UnusableInput(
            "the console has no login but the one for trying out, in which anybody chooses who to be: say that you "
            "want it with --dev-login"
        )
    if not _is_loopback(options.console_host):
        raise UnusableInput(
            f"--console-host {options.console_host} can be reached by others, and --dev-login asks for no password: "
            "write 127.0.0.1"
        )
    if options.clearances is None:
        raise UnusableInput("say who may see what: --clearances FILE (docs/how-to/secure.md shows one)")
    return options.clearances


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False
