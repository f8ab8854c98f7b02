"""The options of notifications."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from detectors.options import option


@dataclass(frozen=True)
class NotifyOptions:
    """Who is told, by what server mails go, and how patiently an endpoint is waited for."""

    subscriptions: Path | None = option(None, "who is told of what (TOML)")  # noqa: RUF009  `option` makes a field
    clearances: Path | None = option(None, "the clearance file (TOML): what subscriptions' owners may see")  # noqa: RUF009
    console_url: str | None = option(None, "address of the console, for links to a firm's page")
    notify_timeout_seconds: float = option(10.0, "how long an endpoint may take to answer", unit="seconds")
    notify_first_wait_seconds: float = option(1.0, "first pause before a message is tried again", unit="seconds")
    notify_longest_wait_seconds: float = option(300.0, "longest pause between two tries", unit="seconds")
    notify_give_up_hours: float = option(24.0, "how long a message is tried before it is given up", unit="hours")
    notify_ca: Path | None = option(None, "authorities (PEM) that endpoints' certificates may be of")  # noqa: RUF009
    smtp_host: str | None = option(None, "mail server")
    smtp_port: int = option(587, "its port")
    smtp_security: Literal["starttls", "tls", "none"] = option(
        "starttls", "how the connection is protected; none: a server on this machine alone"
    )
    smtp_user: str | None = option(None, "user at the mail server; none: without logging in")
    smtp_password: str = option("", "password at the mail server", secret=True)
    mail_from: str | None = option(None, "address that mails come from")
