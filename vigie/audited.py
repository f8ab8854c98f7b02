"""What a command reads or changes, in the audit log: before it is shown, or as refused."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from alerts import audit
from alerts.connect import safe_url
from alerts.errors import RedisRefused
from vigie.actor import actor_of


@contextmanager
def audited(client: redis.Redis, url: str, action: str, object_: str) -> Iterator[None]:
    """Record what the block does, once it is done or when Redis refuses it: show nothing before the block's end.

    Where the log takes no entry the block's result must not be shown either: raises RedisUnavailable or RedisRefused.
    """
    entry = audit.Entry(actor=actor_of(url), action=action, object=object_)
    try:
        yield
    except RedisRefused as error:
        refused = audit.Entry(
            actor=entry.actor, action=action, object=object_, outcome="refused", detail=str(error.__cause__ or "")
        )
        audit.record(client, refused, where=safe_url(url))
        raise
    audit.record(client, entry, where=safe_url(url))
