"""What is committed and what is there, looked at while everything goes on, and judged once it is over.

Commits are read first and effects after them: what a commit stands for must be among the effects. A look costs some
milliseconds, so that there are many, one right behind each strike among them.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
import redis
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from detectors import pack
from detectors.chain import Chain
from detectors.models import prior
from tests.acceptance.harness import PATIENCE_SECONDS, POLL_SECONDS

EVENTS, ALERTS, EXAMPLES = "vigie.events", "vigie.alerts", "vigie.labelled-examples"
CHANGELOG = "vigie-firms-changelog"
SCORER, TRAINER, DISPATCHER = "vigie", "vigie-trainer", "vigie-dispatcher"
READ_BY = {SCORER: EVENTS, TRAINER: EXAMPLES, DISPATCHER: ALERTS}

LONGEST_ASK_MS = 2000

Offsets = dict[int, int]
"""By partition."""


class _Named(msgspec.Struct):
    id: str


T = TypeVar("T")

_alert_id = msgspec.json.Decoder(_Named).decode


@dataclass(frozen=True)
class Look:
    """One look. `entries` are the ids of the alerts in Redis."""

    committed: dict[str, Offsets]
    ends: dict[str, Offsets]
    entries: frozenset[str]

    def behind(self, group: str) -> int:
        """Records that a group had not committed."""
        done = self.committed[group]
        return sum(end - done.get(partition, 0) for partition, end in self.ends[READ_BY[group]].items())


class Watch:
    """Clients that stay open, past all proxies. A context manager."""

    def __init__(self, kafka: str, redis_url: str, partitions: int) -> None:
        self._kafka = kafka
        self._clients: tuple[KafkaAdminClient, KafkaConsumer] | None = None
        self._redis = redis.Redis.from_url(redis_url)
        several = {EVENTS: partitions, ALERTS: partitions, CHANGELOG: partitions, EXAMPLES: 1}
        self._partitions = [TopicPartition(topic, p) for topic, count in several.items() for p in range(count)]
        self.looks: list[Look] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._disconnect()
        self._redis.close()

    def _connected(self) -> tuple[KafkaAdminClient, KafkaConsumer]:
        if self._clients is None:
            admin = KafkaAdminClient(bootstrap_servers=self._kafka)
            try:
                self._clients = admin, KafkaConsumer(bootstrap_servers=self._kafka)
            except KafkaError:
                admin.close()
                raise
        return self._clients

    def _disconnect(self) -> None:
        for client in self._clients or ():
            client.close()
        self._clients = None

    def look(self) -> Look:
        """Look and remember. Kafka must be there, if only since a moment, and Redis."""
        look = self._patiently(self._look)
        self.looks.append(look)
        return look

    def committed(self) -> dict[str, Offsets]:
        """What the groups have committed."""
        return self._patiently(self._committed)

    def _patiently(self, ask: Callable[[], T]) -> T:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return ask()
            except KafkaError:
                if time.monotonic() > deadline:
                    raise
                # Its connections may still be those to the broker that was, and so is, for minutes, what it knows of
                # who leads.
                self._disconnect()
                time.sleep(POLL_SECONDS)

    def _committed(self) -> dict[str, Offsets]:
        found = self._connected()[0].list_group_offsets(dict.fromkeys(READ_BY))
        return {
            group: {tp.partition: meta.offset for tp, meta in found.get(group, {}).items() if tp.topic == topic}
            for group, topic in READ_BY.items()
        }

    def entries(self) -> frozenset[str]:
        """The ids of the alerts in Redis."""
        return frozenset(self._entries())

    def _look(self) -> Look:
        committed = self._committed()
        ends: dict[str, Offsets] = defaultdict(dict)
        for tp, end in self._connected()[1].end_offsets(self._partitions, timeout_ms=LONGEST_ASK_MS).items():
            ends[tp.topic][tp.partition] = end
        return Look(committed, dict(ends), self.entries())

    def _entries(self) -> Iterator[str]:
        for stream in self._redis.scan_iter("vigie:alerts:*", _type="STREAM"):
            entries: Any = self._redis.xrange(stream)
            for _, fields in entries:
                yield _alert_id(fields[b"alert"]).id


def check_commits(
    looks: Sequence[Look], events: Iterable[Any], alerts: Sequence[Any], changelog: Iterable[Any]
) -> None:
    """Every commit that was seen had its effects behind it.

    The records are all that the topics have in the end: what stood at a look is what lies before its ends.
    """
    _check_scored(looks, alerts)
    _check_state(looks, events, changelog)
    _check_delivered(looks, alerts)
    assert any(sum(look.committed[group].values()) for look in looks for group in (SCORER, DISPATCHER))


def _check_scored(looks: Sequence[Look], alerts: Iterable[Any]) -> None:
    """The alerts of committed events were in Kafka."""
    first: dict[str, tuple[int, int, int]] = {}
    for record in alerts:
        alert = msgspec.json.decode(record.value)
        first.setdefault(alert["id"], (record.partition, record.offset, alert["source"]["offset"]))
    for look in looks:
        for name, (partition, offset, source) in first.items():
            if source < look.committed[SCORER].get(partition, 0):
                assert offset < look.ends[ALERTS][partition], f"{name}: its event was committed before it was there"


def _check_state(looks: Sequence[Look], events: Iterable[Any], changelog: Iterable[Any]) -> None:
    """The state of committed events was in the changelog."""
    heard: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for record in events:
        if record.key is not None:
            heard[record.partition].append((record.offset, int(record.key)))
    written: dict[int, list[Any]] = defaultdict(list)
    for record in changelog:
        written[record.partition].append(record)
    for partition, records in written.items():
        chain, read = Chain(prior()), 0
        for look in sorted(looks, key=lambda look: look.ends[CHANGELOG][partition]):
            end, done = look.ends[CHANGELOG][partition], look.committed[SCORER].get(partition, 0)
            news = [r for r in records[read:] if r.offset < end]
            pack.load(chain, [(r.key, r.value) for r in news])
            read += len(news)
            last = {siren: offset for offset, siren in heard[partition] if offset < done}
            firms = chain.panel.firms[: len(chain.panel)]
            known = dict(zip(firms["siren"].tolist(), firms["offset"].tolist(), strict=True))
            ahead = {siren for siren, offset in last.items() if known.get(siren, -1) < offset}
            assert not ahead, f"partition {partition}: {done} committed, and firms {ahead} had not all of their events"


def _check_delivered(looks: Sequence[Look], alerts: Iterable[Any]) -> None:
    """The alerts that were committed were in Redis."""
    delivered = [(record.partition, record.offset, _alert_id(record.value).id) for record in alerts]
    for look in looks:
        done = look.committed[DISPATCHER]
        wanted = {name for partition, offset, name in delivered if offset < done.get(partition, 0)}
        assert wanted <= look.entries, f"committed and not in Redis: {wanted - look.entries}"
