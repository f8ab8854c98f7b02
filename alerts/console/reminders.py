"""The reminder of confidentiality: who reads what is confidential says every three months that they know it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import redis

from alerts.outage import translated
from alerts.routing import REMINDED_KEY


def due(client: redis.Redis, name: str, now: datetime, days: float, *, where: str) -> bool:
    """Whether somebody is to be reminded: they have not said so in so many days; never where `days` is 0."""
    if not days:
        return False
    with translated(where):
        said: Any = client.hget(REMINDED_KEY, name)
    return said is None or now - datetime.fromisoformat(said.decode()) > timedelta(days=days)


def acknowledge(client: redis.Redis, name: str, now: datetime, *, where: str) -> None:
    """Keep that somebody has said so."""
    with translated(where):
        client.hset(REMINDED_KEY, name, now.astimezone(UTC).isoformat())
