"""Looks after the queues in Redis beside the dispatcher: trims them, measures them, and says what may lose alerts.

In a thread of its own, so that neither a Redis nor a Kafka that does not answer holds the worker up. Several
dispatchers may do it at once: what one has trimmed, the others find trimmed.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from datetime import UTC
from typing import Any

import msgspec
import redis
from redis.exceptions import RedisError

from alerts import alert as alerts
from alerts.connect import connect, safe_url
from alerts.metrics import AlertMetrics
from alerts.options import AlertsOptions
from alerts.outage import translate
from alerts.persistence import check
from alerts.trimming import DAY_MS, trim
from detectors.errors import VigieError
from streams.cluster import Cluster, told
from streams.topics import ALERTS

EVERY_SECONDS = 60.0
CLOCKS_APART_SECONDS = 3600.0
"""From which on nobody can say what is old."""
_LOOKS_AT_KAFKA = 60
"""Rounds from one look at how far back Kafka goes to the next."""
_FETCH_BYTES = 64 * 1024
"""Of each partition only the first record is wanted."""

_LONGEST_STOP_SECONDS = 2.0

log = logging.getLogger(__name__)


class QueueKeeper:
    """Works from `start` to `stop`, at once and then every minute."""

    def __init__(
        self,
        cluster: Cluster,
        options: AlertsOptions,
        retention_days: float,
        metrics: AlertMetrics,
        wall: Callable[[], float],
    ) -> None:
        self._wall = wall
        self._cluster = cluster
        self._options = options
        self._where = safe_url(options.redis)
        self._retention_days = retention_days
        self._metrics = metrics
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="queue-keeper", daemon=True)
        self._server = ""
        self._trims = True
        self._rounds = 0
        self._forget_before_ms = 0
        self._said: dict[str, str] = {}
        """The last warning about each thing: what stays as it is, is said once."""

    def start(self) -> None:
        """Begin, unless it has begun."""
        if self._thread.ident is None:
            self._thread.start()

    async def stop(self) -> None:
        """Ask for the end, and wait a little for it: each step is whole, and the thread holds no process up."""
        self._stopping.set()
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join, _LONGEST_STOP_SECONDS)

    def _run(self) -> None:
        with connect(self._options.redis, self._options.redis_timeout_seconds) as client:
            while not self._stopping.is_set():
                if self._rounds % _LOOKS_AT_KAFKA == 0:
                    self._try("how far back Kafka goes", self._look_at_kafka)
                self._try("the server", lambda: self._look_at_server(client))
                self._try("trimming", lambda: self._trim(client))
                self._rounds += 1
                self._stopping.wait(EVERY_SECONDS)

    def _try(self, what: str, step: Callable[[], None]) -> None:
        try:
            step()
        except VigieError as error:
            self._say(what, f"{what}: {error}")
        except Exception:
            # A defect; the next round tries again, and alerts are delivered meanwhile.
            log.exception("%s", what)
        else:
            self._said.pop(what, None)

    def _say(self, about: str, text: str) -> None:
        if self._said.get(about) != text and not self._stopping.is_set():
            log.warning("%s", text)
        self._said[about] = text

    def _look_at_kafka(self) -> None:
        self._forget_before_ms = earliest_ms(self._cluster)

    def _look_at_server(self, client: redis.Redis) -> None:
        """Judge a server's settings when it is met first: at the start, and after a restart or a failover."""
        try:
            info: Any = client.info("server")
        except RedisError as error:
            raise translate(error, self._where) from error
        if info["run_id"] == self._server:
            return
        if self._server:
            log.warning(
                "Redis at %s was restarted, or another server stands in for it. If it came back with old data or "
                "none, or as a replica that lagged, bring the alerts back: vigie alerts rebuild",
                self._where,
            )
        found = check(client, where=self._where)
        for finding in found:
            log.warning("Redis at %s: %s", self._where, finding)
        self._trims = all(finding.name != "version" for finding in found)
        self._server = info["run_id"]

    def _agree_on_time(self, client: redis.Redis) -> bool:
        """Whether Redis, whose clock dates what it has, and this machine tell about the same time."""
        try:
            told: Any = client.time()
        except RedisError as error:
            raise translate(error, self._where) from error
        apart = told[0] - self._wall()
        if abs(apart) <= CLOCKS_APART_SECONDS:
            self._said.pop("clocks", None)
            return True
        self._say(
            "clocks",
            f"Redis at {self._where} has a clock {apart / 3600:+.0f} h from this machine's: nothing is trimmed "
            "until they agree. Let both machines keep time by NTP (timedatectl)",
        )
        return False

    def _trim(self, client: redis.Redis) -> None:
        agreed = self._agree_on_time(client)
        queues = trim(
            client,
            retention_days=self._retention_days if agreed and self._trims else 0,
            forget_before_ms=self._forget_before_ms if agreed else 0,
            where=self._where,
        )
        for queue in queues:
            self._metrics.queue_entries.labels(queue.queue).set(queue.entries)
            self._metrics.trimmed.inc(queue.taken)
            if queue.held_by is not None:
                self._say(
                    queue.queue,
                    f"department {queue.queue}: alerts older than {self._retention_days:g} days stay in Redis, since "
                    f"the group {queue.held_by} still needs them; look at `vigie alerts groups list`, and end a "
                    "group that nobody reads for (`vigie alerts groups leave`)",
                )


def earliest_ms(cluster: Cluster) -> int:
    """Ids of alerts that landed in Redis before this time cannot come again: Kafka has nothing so old any more.

    Unix milliseconds; 0 where it cannot be told. Each partition begins with the oldest alert that it still has: what
    landed before that one was raised was written before it, and is gone. A day is left for clocks that differ.
    """
    # A worker, which speaks with aiokafka, starts without this client.
    from streams.reading import partitions_of, reader, records

    with reader(cluster, _FETCH_BYTES) as consumer:
        partitions = partitions_of(consumer, ALERTS)
        with told(cluster, f"looking up the offsets of {ALERTS}"):
            begin, end = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        first = [
            record.value or b""
            for partition in partitions
            for record in records(
                consumer, cluster, partition, begin[partition], min(begin[partition] + 1, end[partition])
            )
        ]
    try:
        raised = [alerts.decode(value).raised_at for value in first]
    except (msgspec.DecodeError, RecursionError):
        return 0
    times = [(at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() for at in raised]
    return max(0, round(min(times) * 1000) - DAY_MS) if times else 0
