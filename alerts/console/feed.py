"""What happens to cases, from one reader of Redis to every page that is open.

Each page has a bounded queue. One that does not keep up is dropped, so that it harms nobody; it comes back with the id
of the last event it has seen, and is given what happened since from the history: nothing is lost, and nothing doubled.
"""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import msgspec

from alerts.console import places as place_words
from alerts.console.metrics import ConsoleMetrics
from alerts.desk import Desk
from alerts.history import Entry, order
from alerts.inbox import BLOCK_MS
from alerts.masking import NOTHING, Masked, action_of
from alerts.routing import QUEUES
from detectors.errors import VigieError

MOST_WAITING = 256
"""Entries that a page may be behind before it is dropped."""
HEARTBEAT_SECONDS = 4.0
"""How often a silent page is written to, and its session looked at: one that ends gets nothing after 5 seconds."""
CHECK_SECONDS = 1.0
"""How often the session of a busy page is looked at."""
CATCH_UP = 500
"""Entries read at once for a page that comes back."""
RETRY_SECONDS = 1.0

log = logging.getLogger(__name__)


class Reader:
    """A page's entries; `dropped` once it has fallen behind."""

    def __init__(self, queues: Sequence[str], most: int) -> None:
        self.queues = frozenset(queues)
        self.entries: asyncio.Queue[Entry | None] = asyncio.Queue(most)
        """None wakes a page that is to end."""
        self.dropped = False


class Feed:
    """One thread that follows every department; `start` and `stop` are the event loop's. Outages are waited out."""

    def __init__(
        self,
        desk: Desk,
        waits: Callable[[], Iterator[float]],
        metrics: ConsoleMetrics,
        *,
        block_ms: int = BLOCK_MS,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._desk = desk
        self._waits = waits
        self._metrics = metrics
        self._block_ms = block_ms
        self._most = most_waiting
        self._readers: set[Reader] = set()
        self._stop = threading.Event()
        self._reads = asyncio.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Follow from now on."""
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, args=(loop,), name="feed", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """End every page's stream, and begin no other: a server waits for its connections before it stops."""
        self._stop.set()
        self._reads.set()
        for reader in self._readers:
            with suppress(asyncio.QueueFull):
                reader.entries.put_nowait(None)

    async def stop(self) -> None:
        """End the streams and the thread."""
        self.end()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    async def follow(
        self,
        places: dict[str, str],
        lasts: Callable[[], bool],
        *,
        masked: Masked = NOTHING,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> AsyncIterator[bytes]:
        """Server-sent events of what happens behind the places, as long as the session lasts and the page keeps up.

        The departments are those of `places`, and no other's entry is read.
        """
        with self._reading(tuple(places)) as reader:
            # Sent at once, so that the browser knows that it is connected.
            yield b"retry: 2000\n\n"
            await self._reads.wait()
            try:
                async for earlier in self._earlier(places):
                    places[earlier.queue] = earlier.id
                    yield event(earlier, places, masked)
            except VigieError as error:
                # The page comes back by itself, from where it is.
                log.warning("the console's stream: %s", error)
                return
            checked = -CHECK_SECONDS
            while not reader.dropped and not self._stop.is_set():
                if (now := asyncio.get_running_loop().time()) - checked >= min(CHECK_SECONDS, heartbeat_seconds):
                    if not await asyncio.to_thread(lasts):
                        return
                    checked = now
                try:
                    entry = await asyncio.wait_for(reader.entries.get(), heartbeat_seconds)
                except TimeoutError:
                    yield b": \n\n"
                    continue
                if entry is not None and order(entry.id) > order(places[entry.queue]):
                    places[entry.queue] = entry.id
                    yield event(entry, places, masked)

    @contextmanager
    def _reading(self, queues: Sequence[str]) -> Iterator[Reader]:
        reader = Reader(queues, self._most)
        self._readers.add(reader)
        self._metrics.streams.inc()
        try:
            yield reader
        finally:
            self._readers.discard(reader)
            self._metrics.streams.dec()

    async def _earlier(self, places: dict[str, str]) -> AsyncIterator[Entry]:
        """What happened before the reader was there; the reader has the rest."""
        ends = await asyncio.to_thread(self._desk.ends, tuple(places))
        for queue in [queue for queue, end in ends.items() if order(end) > order(places[queue])]:
            after = places[queue]
            while entries := await asyncio.to_thread(self._desk.since, queue, after, CATCH_UP):
                for entry in entries:
                    yield entry
                after = entries[-1].id

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        places: dict[str, bytes] | None = None
        while not self._stop.is_set():
            try:
                if places is None:
                    places = self._desk.ends(QUEUES)
                    loop.call_soon_threadsafe(self._reads.set)
                for entry in self._desk.follow(
                    places, waits=self._waits, sleep=self._sleep, block_ms=self._block_ms, stopped=self._stop.is_set
                ):
                    loop.call_soon_threadsafe(self._deliver, entry)
            except (VigieError, ValueError) as error:
                # An entry that is none of ours is passed over: its place is taken already.
                log.warning("the console's stream: %s", error)
                self._sleep(RETRY_SECONDS)

    def _sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)

    def _deliver(self, entry: Entry) -> None:
        # Clocks that differ a little must not count backwards.
        self._metrics.delivery_seconds.observe(max(0.0, time.time() - order(entry.id)[0] / 1000))
        for reader in [reader for reader in self._readers if entry.queue in reader.queues]:
            try:
                reader.entries.put_nowait(entry)
            except asyncio.QueueFull:
                reader.dropped = True
                self._metrics.dropped.inc()
                self._readers.discard(reader)


def event(entry: Entry, places: dict[str, str], masked: Masked = NOTHING) -> bytes:
    """One server-sent event: which case, what was done, by whom. No name of a firm."""
    content = {
        "department": entry.queue,
        "siren": entry.siren,
        "action": action_of(entry.action, masked),
        "by": entry.by,
        "at": entry.at,
        "state": entry.after,
    }
    return b"id: " + place_words.written(places).encode() + b"\ndata: " + msgspec.json.encode(content) + b"\n\n"
