"""How many alerts each queue has received since the beginning."""

from collections import Counter
from collections.abc import Sequence

import redis
from redis.exceptions import RedisError

from alerts.outage import translate
from alerts.routing import QUEUES, totals_key


def totals(client: redis.Redis, queues: Sequence[str] = QUEUES, *, where: str) -> dict[str, Counter[tuple[str, str]]]:
    """By queue, the alerts counted by (tier, kind); queues that never had one are left out.

    Counted in the same step as the alert itself: repeated deliveries do not count, trimmed alerts still do.
    """
    pipeline = client.pipeline(transaction=False)
    for queue in queues:
        pipeline.hgetall(totals_key(queue))
    try:
        answers = pipeline.execute()
    except RedisError as error:
        raise translate(error, where) from error
    counts: dict[str, Counter[tuple[str, str]]] = {}
    for queue, answer in zip(queues, answers, strict=True):
        count: Counter[tuple[str, str]] = Counter()
        for field, number in answer.items():
            tier, _, kind = field.decode().partition(":")
            count[tier, kind] = int(number)
        if count.total():
            counts[queue] = count
    return counts
