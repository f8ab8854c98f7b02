"""Sends messages by SMTP."""

import smtplib
import ssl
from collections.abc import Callable
from datetime import UTC, datetime

from alerts.notify.delivery import Undelivered
from alerts.notify.mail import mail
from alerts.notify.message import Message
from alerts.notify.options import NotifyOptions
from alerts.notify.subscriptions import Subscription
from detectors.errors import UnusableInput

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Mailer:
    """One subscription's mails. `clock` gives Unix seconds. Raises UnusableInput for options that do not suffice."""

    def __init__(
        self,
        name: str,
        subscription: Subscription,
        options: NotifyOptions,
        *,
        trusted: ssl.SSLContext,
        clock: Callable[[], float],
    ) -> None:
        if not options.smtp_host or not options.mail_from:
            raise UnusableInput(f"[{name}] is told by mail: give --smtp-host and --mail-from")
        if options.smtp_security == "none" and options.smtp_host not in _LOOPBACK:
            raise UnusableInput(f"--smtp-security none is for a server on this machine, and {options.smtp_host} is not")
        self._name = name
        self._subscription = subscription
        self._options = options
        self._host, self._sender = options.smtp_host, options.mail_from
        self._trusted = trusted
        self._clock = clock

    def send(self, message: Message) -> None:
        """Send once; every address must be taken."""
        at = datetime.fromtimestamp(self._clock(), UTC)
        made = mail(message, self._name, self._subscription, self._sender, self._options.console_url, at)
        try:
            with self._session() as session:
                refused = session.send_message(made)
        except smtplib.SMTPResponseException as error:
            # The server's own words may quote addresses and what it was sent.
            raise Undelivered(f"{self._shown}: answered {error.smtp_code}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise Undelivered(f"{self._shown}: {type(error).__name__}") from None
        if refused:
            raise Undelivered(f"{self._shown}: refused {len(refused)} addresses")

    @property
    def _shown(self) -> str:
        return f"smtp://{self._host}:{self._options.smtp_port}"

    def _session(self) -> smtplib.SMTP:
        options = self._options
        place = (self._host, options.smtp_port)
        if options.smtp_security == "tls":
            session: smtplib.SMTP = smtplib.SMTP_SSL(
                *place, timeout=options.notify_timeout_seconds, context=self._trusted
            )
        else:
            session = smtplib.SMTP(*place, timeout=options.notify_timeout_seconds)
        try:
            if options.smtp_security == "starttls":
                session.starttls(context=self._trusted)
            if options.smtp_user:
                session.login(options.smtp_user, options.smtp_password)
        except BaseException:
            session.close()
            raise
        return session
