"""Which process tells a subscription: one at a time, another within seconds after a kill.

The lease is a string in Redis that goes by itself unless it is renewed. Its value is the holder's alone, and each step
of the ledger is done only while it stands there: who was held up, and comes back after another has taken over, changes
nothing. Who holds it knows by its own clock how long that is sure, and begins no message later.
"""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import redis
from redis.exceptions import WatchError

from alerts.outage import translated
from detectors.errors import VigieError

LEASE_SECONDS = 6.0
RENEW_SECONDS = 1.5
"""How often it is renewed, and how often others try to have it."""
LEAST_SECONDS = 2.0
"""How long it must be sure for a message to be begun."""


class LeaseLost(VigieError):
    """Another process tells the subscription, or may."""


class Lease:
    """One subscription's, from two threads: who tells, and who renews. `monotonic` gives seconds.

    Every method but `held` raises RedisUnavailable or RedisRefused.
    """

    def __init__(self, client: redis.Redis, name: str, monotonic: Callable[[], float], *, where: str) -> None:
        self.key = lease_key(name)
        self._client: Any = client
        self._where = where
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token = b""
        self._sure_until = -1.0

    def held(self) -> bool:
        """Whether it is sure to be held long enough to send something."""
        return bool(self._token) and self._sure_until - self._monotonic() >= LEAST_SECONDS

    def take(self) -> bool:
        """Have it, unless somebody has."""
        with self._lock, translated(self._where):
            token, began = secrets.token_hex(16).encode(), self._monotonic()
            taken = self._client.set(self.key, token, nx=True, px=int(LEASE_SECONDS * 1000))
            self._token, self._sure_until = (token, began + LEASE_SECONDS) if taken else (b"", -1.0)
            return bool(taken)

    def renew(self) -> None:
        """Make it last, where it is held."""
        with self._lock, translated(self._where):
            if not self._token:
                return
            began = self._monotonic()
            try:
                with self.step(self._client) as step:
                    step.pexpire(self.key, int(LEASE_SECONDS * 1000))
            except LeaseLost:
                self._token = b""
            else:
                self._sure_until = began + LEASE_SECONDS

    def release(self) -> None:
        """Leave it to others at once."""
        with self._lock, translated(self._where):
            try:
                with self.step(self._client) as step:
                    step.delete(self.key)
            except LeaseLost:
                pass
            self._token = b""

    @contextmanager
    def step(self, client: Any) -> Iterator[Any]:
        """A transaction, all of it or nothing, done while the lease is held. Raises LeaseLost, RedisError."""
        with client.pipeline() as step:
            step.watch(self.key)
            if not self._token or step.get(self.key) != self._token:
                raise LeaseLost("another process has taken over")
            step.multi()
            yield step
            try:
                step.execute()
            except WatchError:
                raise LeaseLost("another process has taken over") from None


def lease_key(name: str) -> str:
    """The string that says who tells a subscription, in the slot of its other keys."""
    return f"vigie:notifier-lease:{{vigie:notifier:{name}}}"
