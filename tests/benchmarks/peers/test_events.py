"""The events of the comparison: of vigie.events' contract, and the same each time."""

import msgspec

from benchmarks.peers import events, work
from detectors.events import AnyEvent


def test_the_contract_reads_them_and_numbers_run() -> None:
    sent = events.sent(500, 50, 4)
    read = [msgspec.json.decode(value, type=AnyEvent) for value in sent.values]
    assert [event.version for event in read] == list(range(1, 501))
    assert [event.siren.encode() for event in read] == sent.keys
    assert {event.known_at.month for event in read if event.known_at} == {6}, "no month ends among them"
    assert sent.values == events.sent(500, 50, 4).values


def test_some_are_taken_by_their_places() -> None:
    sent = events.sent(20, 5, 4)
    assert sent.first(3).keys == sent.keys[:3]
    assert [one.version for one in work.decoded(sent.at(sent.partitions.argsort()).values)] == [
        int(place) + 1 for place in sent.partitions.argsort()
    ]
