"""Faust apps as a worker runs them, whatever their work is: settings, agents, and batches worked on by partition.

The benchmarks run other work on the same apps (`benchmarks/peers/vigie_reduced.py`), so that what is measured there is
what runs here.
"""

import gc
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faust.sensors import Monitor

from streams import aio
from streams.batches import QUEUE_BATCHES, BatchApp, Offer, RecordsSchema, Take, Taker
from streams.cluster import Cluster
from streams.options import WorkerOptions
from streams.partition_tasks import PartitionTasks
from streams.tables import Tables

HandlePartition = Callable[[int, Sequence[Any]], Coroutine[Any, Any, None]]
"""Takes a partition and its records."""


SWITCH_SECONDS = 0.0005
"""After which a thread that computes lets the one that fetches have a turn: Python's own 5 ms are an alert's delay."""
NEW_OBJECTS = 50_000
"""So many more objects that may be parts of cycles make Python look for cycles. A batch makes thousands, and none."""


async def _nothing() -> None:
    return


@dataclass(frozen=True)
class Work:
    """What is done with the records of partitions whose state is in a changelog: `streams.scorer.Scorer`'s form."""

    handle: HandlePartition
    """All effects of a batch but its offsets; state may be on its way to Kafka still."""
    confirmed: Callable[[], Coroutine[Any, Any, None]]
    """Waits until Kafka has the state of all partitions that are not held back."""
    holds: Callable[[int], bool] = lambda _partition: False
    """Whether a partition is held back: no offset of a batch is committed that is not due for it yet."""
    settle: Callable[[], Coroutine[Any, Any, None]] = _nothing
    """Waits until nothing is being done between batches."""


def prepare_process() -> None:
    """Set what is the whole process's, before the loop of a worker runs and with all that it imports there."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
    # Modules stay: no search for cycles need look at them.
    gc.freeze()


def new_app(app_id: str, cluster: Cluster, options: WorkerOptions, data: Path) -> BatchApp:
    """An app of that id, with a folder of its own in `data`."""
    folder = data / app_id
    folder.mkdir(parents=True, exist_ok=True)
    app = BatchApp(
        app_id,
        **aio.faust_broker(cluster),
        # The table keeps its own columns; Faust's store is only a name.
        store="memory://",
        datadir=str(folder),
        # State must not be open to whoever reaches the port; metrics have their own.
        web_enabled=False,
        topic_disable_leader=True,
        # `vigie topics create` makes them all; a worker has no right to.
        topic_allow_declare=False,
        stream_buffer_maxsize=QUEUE_BATCHES,
        stream_wait_empty=True,
        stream_recovery_delay=0.0,
        broker_commit_interval=options.commit_seconds,
        broker_session_timeout=options.session_seconds,
        broker_heartbeat_interval=options.session_seconds / 3,
        # A dispatcher may wait for Redis for hours without leaving its group.
        broker_max_poll_interval=86_400.0,
        consumer_group_instance_id=options.instance or None,
        # The fetch that a full producer batch of the changelog needs.
        consumer_max_fetch_size=4 * 1024 * 1024,
        table_standby_replicas=options.standbys,
        Monitor=Monitor,
        TableManager=Tables,
    )
    app.batch_records = options.batch_records
    return app


def by_partition(app: BatchApp, work: Work, finished: Callable[[], None]) -> Taker:
    """Gives each partition's batches to `work` in order, several partitions at a time.

    Offsets are committed once `work` is done and has confirmed; `finished` is called after each batch.
    """

    async def handle(messages: Sequence[Any], records: Sequence[Any]) -> None:
        await work.handle(messages[0].partition, records)
        for message in messages:
            message.done = True
        finished()

    async def settle() -> None:
        await tasks.settle()
        await work.settle()

    tasks = PartitionTasks(handle, app.crash, lambda: app.rebalancing or app.should_stop, app.batch_records)
    app.commit_gate = work.confirmed
    app.holds = work.holds
    app.settle = settle
    return Taker(tasks.put, tasks.offer)


def add_agent(app: BatchApp, name: str, topic: str, take: Take, offer: Offer | None = None) -> None:
    """One stream over a topic; whatever goes wrong stops the app, since going on would skip the batch.

    Who has an `offer`, as `by_partition` gives one, is handed batches past the stream.
    """

    async def agent(stream: Any) -> None:
        async for records in stream:
            try:
                await take(stream.current_event.message, records)
            except Exception as error:
                await app.crash(error)
                return

    source = app.topic(topic, schema=RecordsSchema(key_type=bytes, value_type=bytes))
    app.agent(source, name=name, concurrency=1)(agent)
    if offer is not None:
        # It only hands on. The agent is there for Faust to subscribe to the topic.
        app.takers[topic] = Taker(take, offer)
