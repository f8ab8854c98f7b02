"""What a role's app is at, as far as it can be told without asking Kafka."""

from typing import Any, Literal

import faust

from streams.batches import BatchApp
from streams.lag import Position

Stage = Literal["starting", "joining", "recovering", "ready"]
"""Where an app is: not in its group yet, in a rebalance, reading the state of its partitions, at work."""


def stage(app: BatchApp) -> Stage:
    """Ready is who has joined the group and has the state of its partitions: of none, where others have them all."""
    if not (app.started and app.rebalancing_count):
        return "starting"
    if app.rebalancing:
        return "joining"
    return "recovering" if app.in_recovery else "ready"


def ready(app: BatchApp) -> bool:
    """Whether an app is at work."""
    return stage(app) == "ready"


def steps(app: BatchApp) -> tuple[int, int]:
    """What moves while an app joins and recovers: the group's generation, and how much of its state it has read."""
    if not app.started:
        return 0, 0
    # None before the first look at where a partition's state begins.
    read = (offset or 0 for offset in (app.tables.recovery.active_offsets or {}).values())
    return app.consumer_generation_id, sum(read)


def positions(app: BatchApp) -> dict[Any, Position]:
    """Where each partition of the app's source topics is, those aside whose end is not known yet."""
    ends = {tp: app.consumer.highwater(tp) for tp in sources(app)}
    return {tp: Position(committed(app, tp), end) for tp, end in ends.items() if end is not None}


def lags(app: BatchApp) -> dict[Any, int]:
    """Records not yet committed, by partition of the app's source topics."""
    return {tp: max(0, at.end - at.committed) for tp, at in positions(app).items()}


def committed(app: BatchApp, tp: Any) -> int:
    """The offset that the app has committed on a partition; 0 where it has none."""
    return app.consumer._committed_offset.get(tp) or 0


def unread(app: BatchApp) -> bool:
    """Whether a partition of the app's source topics has records that no agent was given yet, or may have."""
    consumer = app.consumer
    for tp in sources(app):
        # Unknown until the first fetch has come back.
        highwater = consumer.highwater(tp)
        read = consumer._read_offset.get(tp) or committed(app, tp)
        if highwater is None or highwater > read:
            return True
    return False


def sources(app: BatchApp) -> list[Any]:
    """The assigned partitions of what the app's agents read; not its changelog's."""
    return [tp for tp in _assigned(app) if app.topics.acks_enabled_for(tp.topic)]


def _assigned(app: BatchApp) -> set[Any]:
    try:
        return set(app.consumer.assignment())
    except faust.exceptions.ConsumerNotStarted:
        return set()
