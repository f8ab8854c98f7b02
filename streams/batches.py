"""Faust with a partition's batch of records as one message, and commits of what was really done.

Faust delivers, acknowledges and logs one record at a time, which caps it at some thousands of records a second. This
module overrides what that takes, on Faust's own extension points, and nothing else:

- `App._new_transport` gives a Transport whose Consumer delivers batches.
- `Consumer._drain_messages` hands each partition's fetched records over as one BatchMessage, and waits for all that a
  fetch has brought as Faust does for each message, in a task of its own only where it cannot be handed over at once.
- What an agent would only hand on to tasks goes to `BatchApp.takers`, past Faust's queue, stream, acknowledgements and
  sensors: with few records at a time those would cost more than the work.
- `Consumer._new_offset` commits the end of the batches that the agent marked done, in order, unless `BatchApp.holds`
  their partition back. (Faust acknowledges what it skips in a rebalance and what an agent failed on: neither may be
  committed.)
- `Consumer._commit_offsets` first awaits `BatchApp.commit_gate`: state is in Kafka before its offsets are.
- `Consumer._getmany` reads no source record while the group rebalances: when recovery ends Faust empties the agents'
  queues after source records have begun to flow, and those would be lost.
- `Consumer.seek_wait` and `Consumer.seek_to_committed` first wait for the fetch that is on its way: what it brings is
  dropped, as of before the rebalance, and had it read behind the seek, nobody would read those records again.
- `Consumer.seek_to_committed` goes to the beginning where nothing was committed yet; Faust goes on where it was.
- `Consumer.on_partitions_revoked` commits before Faust forgets what was acknowledged.
- `Consumer.wait_empty` also waits for `BatchApp.settle`: for what an agent has handed on to tasks of its own, which
  Faust takes for done.
- `Consumer.on_buffer_full` does nothing: Faust's own drops the partition and sleeps a second, while a full queue
  already makes the delivery wait.
- `App._crash` keeps the first reason: whatever crashes after it, often by being cancelled, does so because of it.
- `Consumer._new_consumer_thread` gives what Faust would run in a thread, but in the worker's loop: two loops that hand
  each other every fetch, and the interpreter, cost more than reading it. Nothing here holds the loop for as long as a
  session lasts, and a worker whose loop is held would better lose its partitions. So `Worker`, for mode's
  `WorkerThread`, starts a task; `_gather_remaining_tasks` cancels nothing, since the loop is not the consumer's own;
  `call_thread` fails once the consumer has ended, as a closed loop would.
- The consumer reads headers of any name (`streams.headers`), which aiokafka would stop at.
- It gives records as they were read, not copies of them (`streams.plain_records`).
- It asks who leads a partition when a broker says that it does not (`streams.leaders`).
- It words requests for records, and reads their answers, without an object a field (`streams.fetch_codec`), and takes
  up answers once they are whole (`streams.whole_answers`).
- Its fetches of few records are answered a little apart (`streams.fetch_pace`).
- Its fetch wait is 100 ms instead of 1500: a silent partition holds the others back for that long.

Written against faust-streaming 0.15.3; tests/streams/test_batches.py fails when a newer one changes what is relied on.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Container, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import faust
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP, ConsumerMessage

from streams import fetch_codec, headers, leaders, plain_records, whole_answers
from streams.fetch_pace import FetchPace

FETCH_WAIT_MS = 100
POLL_SECONDS = 0.25
"""How long a fetch waits for records: so much longer may a rebalance take."""
RECOVERY_POLL_SECONDS = 0.01
"""While state is read there is always more, and its end waits for the fetch behind the last record."""
MANY_RECORDS = 500
"""A fetch of so many is worth another at once."""
REBALANCE_PAUSE_SECONDS = 0.01
QUEUE_BATCHES = 4
"""Batches that may wait for an agent: bounds memory, and is the back-pressure."""

Take = Callable[[Any, Sequence[Any]], Awaitable[None]]
"""Takes a message and its records."""
Offer = Callable[[Any, Sequence[Any]], bool]
"""The same, where there is room: whether it did."""


class Taker(NamedTuple):
    """Who takes a topic's batches. `take` waits for room; `offer` takes one where there is, and says whether it did."""

    take: Take
    offer: Offer


class BatchMessage(ConsumerMessage):  # type: ignore[misc]  # Faust has no types
    """Records of one partition, in `value`; `offset` is that of the last. `done` once its effects are on their way."""

    __slots__ = ("done",)

    done: bool


class _LoopWorker:
    """Serves in the running loop what mode would start a `WorkerThread` for."""

    def __init__(self, service: Any) -> None:
        self._service = service
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._service._serve()
        except Exception:
            # It has crashed the app; the rest, as mode's thread does it, so that no stop waits for it.
            self._service.set_shutdown()

    def stop(self) -> None:
        """Called once the service has shut down: nothing is left to wait for."""


class _InLoopConsumer(driver.AIOKafkaConsumerThread):  # type: ignore[misc]  # Faust has no types
    Worker = _LoopWorker
    _pace: FetchPace

    def _create_worker_consumer(self, transport: Any) -> Any:
        headers.install()
        plain_records.install()
        leaders.install()
        fetch_codec.install()
        whole_answers.install()
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        consumer._value_deserializer = plain_records.as_read
        return consumer

    async def on_start(self) -> None:
        await super().on_start()
        self._pace = FetchPace(self._consumer._fetcher)

    async def getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        # Not through the queue of calls: no other may have to wait behind it.
        consumer = self._ensure_consumer()
        records = await self._fetch_records(
            consumer, active_partitions, timeout=timeout, max_records=consumer._max_poll_records
        )
        if self.consumer.app.in_recovery or sum(map(len, records.values())) >= MANY_RECORDS:
            self._pace.hurry()
        return records

    async def call_thread(self, fun: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        if self.method_queue.should_stop:
            # A thread's loop would be closed by now; here nobody would ever do it.
            raise RuntimeError("the consumer has ended")
        return await super().call_thread(fun, *args, **kwargs)

    async def _gather_remaining_tasks(self) -> None:
        """Other tasks of the loop are others'."""


class BatchConsumer(driver.Consumer):  # type: ignore[misc]  # Faust has no types
    """Delivers batches and commits what was done."""

    app: "BatchApp"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._undone: dict[TP, deque[BatchMessage]] = defaultdict(deque)
        self._due: dict[TP, int] = {}
        """Offsets that were to be committed."""
        self._no_fetch = asyncio.Event()
        self._no_fetch.set()

    def _new_consumer_thread(self) -> Any:
        return _InLoopConsumer(self, loop=self.loop, beacon=self.beacon, thread_loop=self.loop)

    async def _drain_messages(self, fetcher: Any) -> None:
        while not (self.should_stop or fetcher.should_stop):
            seconds = RECOVERY_POLL_SECONDS if self.app.in_recovery else POLL_SECONDS
            records, active = await self._wait_next_records(timeout=seconds)
            if records is None or self.should_stop:
                return
            if records:
                messages = self._messages(records, active)
                waiting = self._offered(messages)
                if waiting is not None:
                    await self._delivered(asyncio.create_task(self._deliver(waiting, messages)))
            # Others have a turn, however soon the next records are there.
            await asyncio.sleep(0)

    async def _delivered(self, delivery: asyncio.Task[None]) -> None:
        """Wait for a delivery, unless the flow is suspended or all ends before."""
        try:
            await self.wait_first(delivery, self.suspend_flow.wait())
        finally:
            delivery.cancel()

    async def _deliver(self, message: BatchMessage | None, more: Iterator[BatchMessage]) -> None:
        """Hand over this message and all that follow, waiting for room."""
        while message is not None:
            taker = self.app.takers.get(message.topic)
            await (self.callback(message) if taker is None else taker.take(message, message.value))
            message = self._offered(more)

    def _offered(self, messages: Iterator[BatchMessage]) -> BatchMessage | None:
        """Hand over those for which there is room; the first that has to wait."""
        for message in messages:
            taker = self.app.takers.get(message.topic)
            if taker is None or not taker.offer(message, message.value):
                return message
        return None

    def _messages(self, records: Mapping[TP, Sequence[Any]], active: Container[TP] | None) -> Iterator[BatchMessage]:
        """All that a fetch has brought; each is made once the one before was handed over."""
        generation = self.app.consumer_generation_id
        for tp, received in records.items():
            if active is None or tp in active or tp in self._buffered_partitions:
                self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
                yield from self._messages_of(tp, received, generation)

    def _messages_of(self, tp: TP, received: Sequence[Any], generation: int) -> Iterator[BatchMessage]:
        size = self.app.batch_records
        for start in range(0, len(received), size):
            if not self.flow_active or generation != self.app.consumer_generation_id:
                # Dropped: the rebalance that has begun ends with a seek to before these records.
                return
            records = received[start : start + size]
            read = self._read_offset[tp]
            if read is not None and records[0].offset < read:
                records = [r for r in records if r.offset >= read]
            if records:
                yield self._message(tp, records, generation)
                self._read_offset[tp] = records[-1].offset + 1

    def _message(self, tp: TP, records: Sequence[Any], generation: int) -> BatchMessage:
        last = records[-1]
        message = BatchMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000.0,
            last.timestamp_type,
            None,
            b"",
            records,
            None,
            0,
            0,
            tp,
            generation_id=generation,
        )
        message.done = False
        if self.app.topics.acks_enabled_for(tp.topic):
            self._undone[tp].append(message)
        if tp.topic in self.app.takers:
            # What Faust's stream would note: without it Faust takes the topic for one that nobody reads.
            self.app.monitor.stream_inbound_time[tp] = time.monotonic()
        return message

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Any:
        return [tp for tp in self._undone if topics is None or tp in topics or tp.topic in topics]

    def _new_offset(self, tp: TP) -> int | None:
        if self.app.holds(tp.partition):
            return None
        undone = self._undone[tp]
        offset: int | None = None
        while undone and undone[0].done:
            offset = self._due[tp] = undone.popleft().offset + 1
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        return offset

    def has_begun(self, tp: TP) -> bool:
        """Whether something of a partition was handed over and is not committed."""
        return bool(self._undone.get(tp)) or self._due.get(tp, 0) > (self._committed_offset.get(tp) or 0)

    def position_of(self, tp: TP) -> int:
        """Where the next fetch begins, behind what is no record (markers of transactions) too; 0 while not known."""
        subscription = self._thread._consumer._subscription.subscription
        state = subscription and subscription.assignment and subscription.assignment.state_value(tp)
        return (state and state._position) or 0

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:
        if self.app.commit_gate is not None:
            await self.app.commit_gate()
        committed: bool = await super()._commit_offsets(offsets, start_new_transaction)
        return committed

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        if self.app.rebalancing and active_partitions is not None:
            active_partitions = {tp for tp in active_partitions if self._is_changelog_tp(tp)}
            if not active_partitions:
                await asyncio.sleep(REBALANCE_PAUSE_SECONDS)
                return {}
        self._no_fetch.clear()
        try:
            return await super()._getmany(active_partitions, timeout)
        finally:
            self._no_fetch.set()

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Go to these offsets, once no fetch from before is on its way."""
        await self._no_fetch.wait()
        await super().seek_wait(partitions)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Go to the committed offsets, or to the beginning where there is none, once no fetch is on its way."""
        await self._no_fetch.wait()
        committed: Mapping[TP, int] = await super().seek_to_committed()
        # aiokafka leaves a partition without a committed offset where it has read to.
        fresh = [tp for tp, offset in committed.items() if not offset and not self._is_changelog_tp(tp)]
        if fresh:
            await self._thread.seek_to_beginning(*fresh)
        return committed

    async def perform_seek(self) -> None:
        """Go back to the committed offsets: everything after them is read again."""
        self._undone.clear()
        self._due.clear()
        await super().perform_seek()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit what was done, then let the partitions go."""
        await self.commit()
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self._undone.pop(tp, None)
            self._due.pop(tp, None)

    async def wait_empty(self) -> None:
        """Wait until nothing is being worked on any more, then commit."""
        # Before, so that an agent that waits for room goes on; and after, for what it handed on last.
        await self._settle()
        await super().wait_empty()
        await self._settle()
        await self.commit()

    async def _settle(self) -> None:
        if self.app.settle is not None:
            await self.app.settle()

    def on_buffer_full(self, tp: TP) -> None:
        """Let the full queue itself hold the delivery back."""


class _BatchTransport(driver.Transport):  # type: ignore[misc]  # Faust has no types
    Consumer = BatchConsumer


class RecordsSchema(faust.Schema):  # type: ignore[misc]  # Faust has no types
    """Passes batches of records on as they are."""

    def loads_key(self, _app: Any, message: Any, **_: Any) -> Any:
        """The key that BatchMessage has: none of its own."""
        return message.key

    def loads_value(self, _app: Any, message: Any, **_: Any) -> Any:
        """The records."""
        return message.value


class BatchApp(faust.App):  # type: ignore[misc]  # Faust has no types
    """A Faust app whose agents take `RecordsSchema` topics a batch at a time."""

    batch_records: int = 2_000
    takers: dict[str, Taker]
    """By topic, who takes its batches past Faust's queue and stream: to hand them on to tasks, which `settle` knows."""
    commit_gate: Callable[[], Awaitable[None]] | None = None
    """Awaited before offsets are committed: what they stand for must be in Kafka. Raises to commit nothing."""

    holds: Callable[[int], bool] = staticmethod(lambda _partition: False)
    """Whether a partition's offsets are held back for now."""

    settle: Callable[[], Awaitable[None]] | None = None
    """Awaited in a rebalance and at the end: returns once nothing that agents have handed on is being worked on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.takers = {}
        super().__init__(*args, **kwargs)

    def _new_transport(self) -> Any:
        return _BatchTransport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> Any:
        return _BatchTransport(self.conf.broker_producer, self)

    def _crash(self, reason: BaseException) -> None:
        super()._crash(self.crash_reason or reason)
