"""Bad records between good ones: each goes to the dead letters, whole and with its reason; good ones are applied."""

import base64
import json
from typing import Any, NamedTuple

import msgspec
from kafka.partitioner.default import murmur2

from detectors.events import AnyEvent
from tests.acceptance.harness import PARTITIONS, Site, until
from tests.acceptance.world import Line, World, recovered, replayed

SIREN = "123456789"
CUT_BYTES = 64 * 1024
HEADCOUNT = {
    "type": "headcount",
    "siren": SIREN,
    "siret": None,
    "known_at": "2018-02-01",
    "account": None,
    "month": "2018-01-01",
    "headcount": 12,
}
DEBT = {
    "type": "payment-delay",
    "siren": SIREN,
    "siret": f"{SIREN}00011",
    "known_at": "2018-02-01",
    "account": "1",
    "period_start": "2018-01-01",
    "period_end": "2018-02-01",
    "sequence": "101",
    "version": 1,
    "employee_share": 100.0,
    "employer_share": 200.0,
    "counted_from": "2018-02-01",
    "account_state": None,
    "proceeding_code": None,
    "operation_code": None,
    "reason_code": None,
    "disputed": None,
}
FIRM = {
    "type": "firm",
    "siren": SIREN,
    "siret": None,
    "known_at": None,
    "name": "NOM",
    "department": "75",
    "activity": None,
    "active": None,
    "legal_form": None,
}
CLOCK = {"type": "clock", "known_at": "2018-02-01"}
NOTHING = object()


def home(key: str) -> int:
    """The partition of a key, by kafka-python's own hash."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS


class Poison(NamedTuple):
    """A record as it is sent, and why it should be refused."""

    reason: str
    value: bytes | None
    key: str | None = SIREN
    partition: int = home(SIREN)


def event(base: dict[str, Any], **changes: Any) -> bytes:
    return json.dumps({name: value for name, value in (base | changes).items() if value is not NOTHING}).encode()


DEEP = b'{"type":"headcount","deep":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
POISONS = {
    "no JSON": Poison("not-json", b"hello"),
    "half of it": Poison("not-json", event(HEADCOUNT)[:-10]),
    "two at once": Poison("not-json", event(HEADCOUNT) * 2),
    "a byte-order mark": Poison("not-json", b"\xef\xbb\xbf" + event(HEADCOUNT)),
    "UTF-16": Poison("not-json", event(HEADCOUNT).decode().encode("utf-16")),
    "Latin-1": Poison("not-json", event(FIRM, name="caf\xe9").replace(b"\\u00e9", b"\xe9")),
    "NaN": Poison("not-json", event(HEADCOUNT, headcount=float("nan"))),
    "a raw control character": Poison("not-json", event(FIRM, name="NOM").replace(b"NOM", b"\x1b[2J")),
    "empty": Poison("not-json", b""),
    "a tombstone": Poison("not-json", None),
    "an array": Poison("not-an-object", json.dumps([HEADCOUNT]).encode()),
    "a number": Poison("not-an-object", b"7"),
    "deep nesting": Poison("other", DEEP),
    "an unknown type": Poison("unknown-type", event(HEADCOUNT, type="head-count")),
    "no type": Poison("unknown-type", event(HEADCOUNT, type=NOTHING)),
    "a missing field": Poison("missing-field", event(HEADCOUNT, month=NOTHING)),
    "a number as text": Poison("wrong-type", event(HEADCOUNT, headcount="12")),
    "a date with a time": Poison("wrong-type", event(HEADCOUNT, month="2018-01-01T00:00:00Z")),
    "the 30th of February": Poison("wrong-type", event(HEADCOUNT, month="2018-02-30")),
    "terminal escapes": Poison("wrong-type", event(FIRM, name="\x1b]0;pwned\x07\x1b[2J" * 30)),
    "8 digits": Poison("bad-siren", event(HEADCOUNT, siren="12345678")),
    "Arabic digits": Poison("bad-siren", event(HEADCOUNT, siren="١٢٣٤٥٦٧٨٩")),
    "a line end behind the SIREN": Poison("bad-siren", event(HEADCOUNT, siren=f"{SIREN}\n")),
    "1e400": Poison("out-of-range", event(DEBT).replace(b"100.0", b"1e400")),
    "ten thousand billion euros": Poison("out-of-range", event(DEBT, employer_share=1e13)),
    "a huge version": Poison("out-of-range", event(DEBT, version=10**30)),
    "a version below 0": Poison("out-of-range", event(DEBT, version=-1)),
    "another firm's key": Poison("key-mismatch", event(HEADCOUNT), "987654321", home("987654321")),
    "no key": Poison("key-mismatch", event(HEADCOUNT), None),
    "another partition": Poison("wrong-partition", event(HEADCOUNT), SIREN, (home(SIREN) + 1) % PARTITIONS),
    "the future": Poison("future-date", event(HEADCOUNT, known_at="2999-01-01")),
    "a clock of the future": Poison("future-date", event(CLOCK, known_at="2999-01-01"), None),
    "1979": Poison("ancient-date", event(HEADCOUNT, known_at="1979-12-31")),
    "a month of 1979": Poison("ancient-date", event(HEADCOUNT, month="1979-12-01")),
    "900 kB": Poison("wrong-type", event(FIRM, name="x" * 900_000)),
}
ODD_BUT_GOOD: dict[str, dict[str, Any]] = {
    "terminal escapes within bounds": FIRM | {"siren": "000000001", "name": "\x1b[31mROUGE\x07\u202e"},
    "unknown extra fields": HEADCOUNT | {"siren": "000000002", "extra": {"x": [1] * 1000}},
    "a NUL": FIRM | {"siren": "000000003", "name": "A\x00B"},
    "the earliest day": HEADCOUNT | {"siren": "000000004", "month": "1980-01-01"},
    "the last day of all": DEBT | {"siren": "000000005", "period_end": "9999-12-31", "counted_from": "9999-12-31"},
    "the largest amounts": DEBT | {"siren": "000000006", "employee_share": -1e12, "employer_share": 1e12},
    "the largest version": DEBT | {"siren": "000000007", "version": 1_000_000_000},
}


def send(site: Site, poisons: dict[str, Poison]) -> dict[str, tuple[int, int]]:
    """Where each record stands: its partition and offset."""
    with site.producer() as producer:
        futures = {
            name: producer.send(
                "vigie.events", p.value, key=None if p.key is None else p.key.encode(), partition=p.partition
            )
            for name, p in poisons.items()
        }
        producer.flush()
        return {name: (future.get().partition, future.get().offset) for name, future in futures.items()}


def check_letter(letter: dict[str, Any], poison: Poison, at: tuple[int, int]) -> None:
    value = poison.value or b""
    assert letter["reason"] == poison.reason, letter["detail"]
    assert letter["detail"]
    assert (letter["topic"], letter["partition"], letter["offset"]) == ("vigie.events", *at)
    assert letter["key"] == poison.key
    assert letter["size_bytes"] == len(value)
    assert letter["truncated"] == (len(value) > CUT_BYTES)
    found = base64.b64decode(letter["value"]) if letter["encoding"] == "base64" else letter["value"].encode()
    assert found == value[: CUT_BYTES if letter["truncated"] else None]


def test_bad_records_stop_nothing(site: Site, world: World) -> None:
    worker = site.worker("--frozen").ready()
    # By themselves first, so that batches without any event occur.
    alone = send(site, POISONS)
    until(lambda: len(site.dead_letters()) == len(POISONS), "the bad records to be refused\n" + worker.log)
    odd: list[Line] = [{"topic": "vigie.events", "key": e["siren"], "value": e} for e in ODD_BUT_GOOD.values()]
    good = (*world.lines[:1500], *odd, *world.lines[1500:4000])
    site.send(good[:100])
    among = send(site, POISONS)
    site.send(good[100:])
    until(lambda: site.behind("vigie", "vigie.events") == 0, "all to be worked on\n" + worker.log)
    assert worker.metric("vigie_dead_letters_total") == 2 * len(POISONS)
    assert worker.metric("vigie_dead_letters_total", reason="future-date") == 4
    worker.stop()
    letters = {(letter["partition"], letter["offset"]): letter for letter in site.dead_letters()}
    assert len(letters) == 2 * len(POISONS)
    for name, poison in POISONS.items():
        for at in (alone[name], among[name]):
            check_letter(letters[at], poison, at)
    keys = {record.key for record in site.records("vigie.dead-letters")}
    assert keys == {None, SIREN.encode(), b"987654321"}
    expected = replayed([msgspec.convert(line["value"], AnyEvent) for line in good])
    assert recovered(site.records("vigie-firms-changelog"), site.ids()) == expected


def test_what_is_no_alert_goes_to_the_dead_letters(site: Site) -> None:
    with site.producer() as producer:
        producer.send("vigie.alerts", b'{"id": "x"}', key=b"123456789", partition=1)
        producer.send("vigie.alerts", None, key=b"\xff", partition=1)
    worker = site.worker("--roles", "dispatcher", "--exit-when-idle", "0.5")
    assert worker.wait() == 0, worker.log
    missing, tombstone = site.dead_letters()
    assert (missing["topic"], missing["partition"], missing["offset"]) == ("vigie.alerts", 1, 0)
    assert (missing["key"], missing["value"]) == ("123456789", '{"id": "x"}')
    assert "missing required field" in missing["detail"]
    assert (tombstone["offset"], tombstone["key"], tombstone["size_bytes"]) == (1, "\\xff", 0)
    assert {record.key for record in site.records("vigie.dead-letters")} == {b"123456789", b"\xff"}
    assert site.entries() == []
    assert site.behind("vigie-dispatcher", "vigie.alerts") == 0
