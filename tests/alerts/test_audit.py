"""The audit log on a real server: one chain whoever writes, purges that leave their evidence."""

import hashlib
import threading
from typing import Any

import pytest
import redis

from alerts import audit
from alerts.audit import Entry, Sealed, decode, record, stored
from alerts.audit_check import Anchor, check
from alerts.connect import connect
from alerts.errors import RedisRefused
from alerts.routing import AUDIT_HEAD_KEY, AUDIT_KEY


def an_entry(number: int = 0, **changes: Any) -> Entry:
    return Entry(**({"actor": "agent-21", "action": "alert.show", "object": f"alert:{number}"} | changes))


def findings(client: redis.Redis, *anchors: Anchor, kept_days: int = 365) -> tuple[str, ...]:
    end = audit.head(client, where="here")
    return check(stored(client, where="here"), end, anchors, kept_days=kept_days).findings


def anchor(client: redis.Redis) -> Anchor:
    end = audit.head(client, where="here")
    return Anchor(end.seq, end.hash, end.now)


def entries(client: redis.Redis) -> list[Sealed]:
    return [decode(item.entry) for item in stored(client, where="here")]


def test_an_entry_holds_the_hash_of_the_one_before(client: redis.Redis) -> None:
    first = record(client, an_entry(1), where="here")
    second = record(client, an_entry(2, outcome="refused", detail="a\nb\u202e"), where="here")
    raw: Any = client.xrange(AUDIT_KEY)
    assert [first, second] == entries(client)
    assert (first.seq, first.previous, second.seq) == (1, "", 2)
    assert second.previous == hashlib.sha256(raw[0][1][b"entry"]).hexdigest() == raw[0][1][b"hash"].decode()
    assert b"\n" not in raw[1][1][b"entry"]
    assert findings(client) == ()


def test_racing_writers_make_one_chain(client: redis.Redis, redis_url: str) -> None:
    def write(name: str) -> None:
        with connect(redis_url, 5) as own:
            for number in range(25):
                record(own, an_entry(number, actor=name), where="here")

    threads = [threading.Thread(target=write, args=(f"writer-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = entries(client)
    assert [entry.seq for entry in found] == list(range(1, 201))
    for n in range(8):
        own = [entry.object for entry in found if entry.actor == f"writer-{n}"]
        assert own == [f"alert:{number}" for number in range(25)]
    assert findings(client) == ()


def test_a_purge_leaves_evidence_and_the_chain_stays_whole(client: redis.Redis) -> None:
    for number in range(5):
        record(client, an_entry(number), where="here")
    old = anchor(client)
    assert audit.purge(client, "operator", 365, where="here") is None
    purged = audit.purge(client, "operator", 0, where="here")
    assert purged is not None
    assert purged.object == f"5:{old.hash}"
    record(client, an_entry(9), where="here")
    assert [entry.seq for entry in entries(client)] == [6, 7]
    assert findings(client) == ()
    assert findings(client, old, kept_days=0) == ()
    (early,) = findings(client, old)
    assert "purged before its 365 days" in early


def test_what_a_writer_could_do_beside_the_script_is_found(client: redis.Redis) -> None:
    for number in range(4):
        record(client, an_entry(number), where="here")
    kept = anchor(client)
    client.xadd(AUDIT_KEY, {"entry": "{}", "hash": "0"}, maxlen=3, approximate=False)
    assert len(findings(client)) == 3  # changed, none of the log's, begins without a purge
    client.delete(AUDIT_KEY)
    assert findings(client) == (f"entry 4 was the last one, with hash {kept.hash}: it is missing or another one now",)
    client.delete(AUDIT_HEAD_KEY)
    assert findings(client) == ()
    record(client, an_entry(), where="here")
    assert "anchored" in findings(client, kept)[0]


def test_where_no_entry_can_be_written_the_caller_hears_of_it(client: redis.Redis) -> None:
    client.set(AUDIT_KEY, "another program's")
    with pytest.raises(RedisRefused, match="WRONGTYPE"):
        record(client, an_entry(), where="here")
    client.delete(AUDIT_KEY)
    record(client, an_entry(), where="here")
    assert findings(client) == ()
