"""What is taken from the queues: alerts older than the retention, as far as no consumer group still needs them.

A group needs what it was not given yet and what was given and not acknowledged. A queue is never cut to a length, and
no single entry is ever deleted: both would take from a group what it has not read, or leave in its list of pending
entries what is no longer there. A group whose readers have gone for good thus keeps its queue whole: `leave` ends it.

The ids of the alerts that were taken stay remembered as long as Kafka may deliver them again: for ever, unless somebody
has shortened the retention of vigie.alerts.
"""

from collections.abc import Sequence
from typing import NamedTuple

import redis
from redis.exceptions import RedisError

from alerts.outage import translate
from alerts.routing import QUEUES, seen_key, stream_key
from alerts.scripts import Script

DAY_MS = 86_400_000

_TRIM = Script("trim")


class Trimmed(NamedTuple):
    """A queue after a trimming: `held_by` is the group for whose sake entries older than the retention stay."""

    queue: str
    entries: int
    taken: int
    forgotten: int
    held_by: str | None


def trim(
    client: redis.Redis,
    queues: Sequence[str] = QUEUES,
    *,
    retention_days: float,
    forget_before_ms: int = 0,
    where: str,
) -> list[Trimmed]:
    """Trim queues, each in one atomic step; a `retention_days` of 0 keeps entries for ever.

    `forget_before_ms`: ids that landed before this time (Redis' clock) cannot come again; 0 forgets none. The id of an
    entry that is still there is always kept.
    """
    arguments = (round(retention_days * DAY_MS), forget_before_ms)
    try:
        answers = _TRIM.run(client, [((stream_key(queue), seen_key(queue)), arguments) for queue in queues])
    except RedisError as error:
        raise translate(error, where) from error
    return [
        Trimmed(queue, entries, taken, forgotten, holder.decode() or None)
        for queue, (entries, taken, forgotten, holder) in zip(queues, answers, strict=True)
    ]
