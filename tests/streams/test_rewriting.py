"""A log without some of its records: whole, in its order, for everybody who reads it, whatever is killed meanwhile."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition

from streams import outbox, rewriting
from streams.cluster import ClusterError
from streams.erasure import require_idle
from streams.rewriting import MOVED_FROM, Rewritten, rewrite
from tests.acceptance.harness import Site
from tests.member import member

TOPIC = "vigie.events"
PLACE = TopicPartition(TOPIC, 2)
GROUPS = {"vigie": 90, "archive": 31}
"""How far each has read at first, of 90 records."""
FIRMS = [b"%09d" % number for number in range(10)]

Record = tuple[bytes | None, bytes | None, int, list[tuple[str, bytes]]]


class Killed(Exception):
    """Stands for the end of the process."""


def kill(*_: Any, **__: Any) -> Any:
    raise Killed


class Log:
    """What the partition should hold, and where each group goes on in it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.records: list[Record] = [
            (
                FIRMS[n % 10] if n % 11 else None,  # some have no key, others no value
                b'{"n": %d, "is": "%b"}' % (n, FIRMS[n % 10]) if n % 13 or n % 11 == 0 else None,
                1_000_000 * (100 - n),
                [("sent_ms", b"%d" % n), ("type", b"x")][: n % 3],
            )
            for n in range(90)
        ]
        self.unread = {group: self.records[read:] for group, read in GROUPS.items()}
        self.send(self.records)
        for group, read in GROUPS.items():
            commit(site, group, read)

    def send(self, records: Sequence[Record]) -> None:
        with self.site.producer() as producer:
            for key, value, at, headers in records:
                producer.send(TOPIC, value, key, headers, PLACE.partition, at)

    def add(self, record: Record) -> None:
        """Somebody else writes."""
        self.send([record])
        self.records.append(record)
        for unread in self.unread.values():
            unread.append(record)

    def without(self, firm: bytes) -> None:
        self.records = [record for record in self.records if record[0] != firm]
        self.unread = {group: [r for r in unread if r[0] != firm] for group, unread in self.unread.items()}

    def check(self) -> None:
        found = [record for record in self.site.records(TOPIC) if record.partition == PLACE.partition]
        assert [plain(record) for record in found] == self.records
        for group, unread in self.unread.items():
            place = self.site.committed(group, TOPIC)[PLACE.partition]
            assert [plain(record) for record in found if record.offset >= place] == unread
        # A note that a kill has left of what is done says nothing: all before it is gone.
        assert all(noted <= found[0].offset for noted in self.site.committed("vigie-rewriting", TOPIC).values())


def plain(record: Any) -> Record:
    headers = [(name, value) for name, value in record.headers if name != MOVED_FROM]
    return record.key, record.value, record.timestamp, headers


def commit(site: Site, group: str, offset: int) -> None:
    consumer = KafkaConsumer(bootstrap_servers=site.kafka, group_id=group, enable_auto_commit=False)
    consumer.assign([PLACE])
    consumer.commit({PLACE: OffsetAndMetadata(offset, "", -1)})
    consumer.close()


def without(firm: bytes, calls: float = float("inf")) -> rewriting.Rule:
    """Leaves a firm out; ends the process at a call."""
    left = [calls]

    def rule(record: Any) -> Sequence[bytes | None]:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return () if record.key == firm else (record.value,)

    return rule


def erase(site: Site, firm: bytes, calls: float = float("inf")) -> Rewritten:
    return rewrite(site.cluster, TOPIC, without(firm, calls), 30)


def test_whatever_is_killed_in_between_doing_it_again_ends_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    # Batches of a few records, so that a kill leaves a part of them.
    monkeypatch.setattr(outbox, "BATCH_BYTES", 200)
    log = Log(site)
    log.check()
    assert erase(site, b"nobody") == Rewritten()
    assert site.ends(TOPIC)[PLACE.partition] == 90

    assert erase(site, FIRMS[0]) == Rewritten(removed=8)
    log.without(FIRMS[0])
    log.check()

    # While copies are written: some are there, and some are not.
    with pytest.raises(Killed):
        erase(site, FIRMS[1], calls=60)
    copied = site.ends(TOPIC)[PLACE.partition] - 90 - len(log.records)
    assert 0 < copied < 60
    # It goes on behind the last copy, for this firm as well as for another one, which is then left out of the copies.
    assert erase(site, FIRMS[2]).removed
    log.without(FIRMS[2])
    assert erase(site, FIRMS[1]).removed
    log.without(FIRMS[1])
    log.check()

    # Between any two of the later steps.
    for firm, step in zip(FIRMS[3:], ("_move_groups", "delete_before", "_forget"), strict=False):
        with monkeypatch.context() as patched:
            patched.setattr(rewriting, step, kill)
            with pytest.raises(Killed):
                erase(site, firm)
        erase(site, firm)
        log.without(firm)
        log.check()

    # A record that comes from elsewhere between the copies is read by everybody who has not read it.
    moving: Callable[..., None] = rewriting._move_groups

    def joined_by_another(*args: Any) -> None:
        log.add((b"another", b"new", 5, []))
        moving(*args)

    with monkeypatch.context() as patched:
        patched.setattr(rewriting, "_move_groups", joined_by_another)
        erase(site, FIRMS[6])
    log.without(FIRMS[6])
    log.check()

    # One that comes again and again is told of.
    with monkeypatch.context() as patched:
        patched.setattr(rewriting, "_move_groups", lambda *args: log.send([(FIRMS[7], b"again", 5, [])]))
        with pytest.raises(ClusterError, match=r"comes in again: somebody writes it there. Stop who sends it"):
            erase(site, FIRMS[7])


def test_nobody_may_read_meanwhile(site: Site) -> None:
    commit(site, "archive", 0)
    require_idle(site.cluster)
    with member(site.kafka, TOPIC, "archive"):
        with pytest.raises(ClusterError, match=r"other programs read the logs \(archive\)"):
            require_idle(site.cluster)
        with site.producer() as producer:
            producer.send(TOPIC, b"x", FIRMS[0], partition=PLACE.partition)
            producer.send(TOPIC, b"x", FIRMS[1], partition=PLACE.partition)
        with pytest.raises(ClusterError, match=r"the consumer group archive reads vigie.events: it would read"):
            erase(site, FIRMS[0])
    assert erase(site, FIRMS[0]) == Rewritten()  # goes on where it was stopped: the copies are without it already
    assert [record.key for record in site.records(TOPIC)] == [FIRMS[1]]
