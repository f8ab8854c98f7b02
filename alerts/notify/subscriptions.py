"""Who is told of what, how, and how often: a file of subscriptions, a table each.

[codefi-21]
owner = "users.codefi"          # a table of the clearance file: what it may see is told, and no more
kind = "webhook"
url = "https://codefi.example/vigie"
secret_file = "/etc/vigie/codefi-21.secret"
departments = ["21"]
tiers = ["strong"]
per_hour = 20

[ddets-bourgogne]
owner = "groups.ddets-bourgogne"
kind = "mail"
to = ["veille@ddets.example"]
departments = ["21", "58", "71", "89"]
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from alerts import tables
from alerts.language import Language
from alerts.listing import Choice
from alerts.routing import QUEUES
from alerts.tables import wrong
from detectors.errors import UnusableInput

_OWNER = re.compile(r"(users|groups)\.[a-z][a-z0-9.-]{0,63}")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
SHORTEST_SECRET = 32


class Subscription(Choice, frozen=True, kw_only=True):
    """One table. What it chooses cases by is `Choice`'s."""

    owner: str
    """Whose it is: a table of the clearance file, `users.NAME` or `groups.NAME`."""
    kind: Literal["webhook", "mail"]
    notices: tuple[Literal["push", "digest"], ...] = ("push", "digest")
    immediate: bool | None = None
    """Whether a push is a message of its own; by default of webhooks, and not of mails, which are digests alone."""
    per_hour: int = 20
    """Messages in any hour, the digest among them."""
    digest_minutes: float = 60
    """How long what is held waits for its digest."""
    language: Language = "fr"
    url: str = ""
    secret_file: str = ""
    insecure: bool = False
    """Lets a webhook go by HTTP to other machines."""
    to: tuple[str, ...] = ()

    @property
    def at_once(self) -> bool:
        """Whether a push is a message of its own."""
        return self.kind == "webhook" if self.immediate is None else self.immediate


def read(path: Path | None) -> Mapping[str, Subscription]:
    """The subscriptions of a file, by name. Raises UnusableInput with file, subscription and field."""
    if path is None:
        raise UnusableInput("say who is to be told of what: --subscriptions FILE (docs/how-to/notify.md shows one)")
    found = tables.read(path, Subscription, "Give a file of subscriptions with --subscriptions")
    for name, subscription in found.items():
        problem = _problem(subscription)
        if problem:
            raise wrong(path, name, problem)
    return found


def secrets_of(subscription: Subscription, name: str) -> tuple[bytes, ...]:
    """The secrets that a webhook is signed with, a line each: two while one takes the other's place."""
    path = Path(subscription.secret_file)
    try:
        lines = [line for line in path.read_bytes().splitlines() if line.strip()]
        mode = path.stat().st_mode
    except OSError as error:
        raise UnusableInput(f"[{name}] secret_file {path}: {error.strerror}") from error
    if mode & 0o077:
        raise UnusableInput(f"[{name}] secret_file {path} may be read by others than its owner: chmod 600 {path}")
    if not lines or min(map(len, lines)) < SHORTEST_SECRET:
        raise UnusableInput(f"[{name}] secret_file {path}: a secret is a line of {SHORTEST_SECRET} bytes or more")
    return tuple(lines)


def _problem(subscription: Subscription) -> str | None:
    if not _OWNER.fullmatch(subscription.owner):
        return f"owner {subscription.owner!r} is no table of the clearance file: users.NAME or groups.NAME"
    strange = [code for code in subscription.departments if code not in QUEUES]
    if strange or not subscription.departments:
        return f"departments: {', '.join(strange) or 'none'} is no department"
    if not subscription.notices:
        return "notices is empty, so that nothing would be told"
    if subscription.per_hour < 2:
        return "per_hour is below 2: one message of each hour is the digest's"
    if subscription.digest_minutes <= 0:
        return "digest_minutes is not above 0"
    return _webhook_problem(subscription) if subscription.kind == "webhook" else _mail_problem(subscription)


def _webhook_problem(subscription: Subscription) -> str | None:
    parts = urlsplit(subscription.url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("https", "http") or not parts.hostname or port == -1:
        return "url is no address: write https://host/path"
    if "@" in parts.netloc:
        return "url has a user or password in it: receivers know us by the signature"
    if not parts.netloc.isascii() or any(not "!" <= sign <= "~" for sign in subscription.url):
        return "url has characters that an address cannot have: percent-encode them"
    if not subscription.secret_file:
        return "secret_file is missing: the file of the secret that messages are signed with"
    return "to is for mails" if subscription.to else None


def _mail_problem(subscription: Subscription) -> str | None:
    if not subscription.to:
        return "to is missing: the addresses that mails go to"
    strange = [address for address in subscription.to if not _ADDRESS.fullmatch(address)]
    if strange:
        return f"to has {strange[0]!r}, which is no mail address"
    return "url and secret_file are for webhooks" if subscription.url or subscription.secret_file else None
