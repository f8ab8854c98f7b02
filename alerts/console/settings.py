"""What the console needs to answer."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import redis

from alerts.api import app as api
from alerts.catalogue import Catalogue, shipped
from alerts.console.metrics import ConsoleMetrics
from alerts.console.oidc_login import ProviderLogin
from alerts.console.sessions import Sessions
from alerts.exports import MOST_ROWS
from alerts.language import Language
from alerts.scope import Person


class Settings(NamedTuple):
    """What the console needs: Redis and how its address may be shown, who there is, the language, clocks, sessions."""

    client: redis.Redis
    where: str
    people: Mapping[str, Person]
    language: Language
    sessions: Sessions
    waits: Callable[[], Iterator[float]]
    block_ms: int
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    """The names under which a browser may ask: another site's name that was made to lead here is refused."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    metrics: ConsoleMetrics | None = None
    """None: nobody asks for them."""
    most_exported: int = MOST_ROWS
    """Cases that a file may have."""
    measures: Catalogue = shipped()
    """The support measures that are proposed."""
    api_rate: int = api.PER_MINUTE
    """Requests a minute that each of the API's tokens may make."""
    login: ProviderLogin | None = None
    """The OpenID provider at which people log in; None: whoever comes chooses who to be, for trying out."""
    url: str = "http://127.0.0.1"
    """How browsers reach the console."""
    glass_hours: float = 4.0
    """How long a firm stays open to who broke the glass."""
    reminder_days: float = 0.0
    """How often people are reminded that what they read is confidential; 0 is never."""

    @property
    def secure(self) -> bool:
        """Whether browsers come by TLS."""
        return self.url.startswith("https:")

    def cookie(self, name: str) -> str:
        """A cookie's name: by TLS one that no other site, nor plain http, can set."""
        return f"__Host-{name}" if self.secure else name
