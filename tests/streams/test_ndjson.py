import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.events import AnyEvent, Clock, Firm, PartialUnemploymentRequest
from streams import ndjson, wire
from tests.streams.partner_events import EVENTS
from tests.streams.running_frames import frames_of


def line_of(event: AnyEvent) -> bytes:
    """The line as `wire` has it, put together by hand."""
    record = wire.record(event)
    key = b"null" if record.key is None else b'"' + record.key + b'"'
    return b'{"topic":"vigie.events","key":' + key + b',"value":' + record.value + b"}\n"


def same_bytes(event: AnyEvent) -> bool:
    """Not so for requests whose counts are partly whole."""
    if not isinstance(event, PartialUnemploymentRequest):
        return True
    counts = (event.firm_headcount, event.headcount, event.authorised_headcount, event.headcount_used)
    return len({type(count) for count in counts if count is not None}) < 2


@given(st.lists(st.one_of(*EVENTS.values(), st.dates().map(lambda day: Clock(known_at=day))), min_size=1, max_size=8))
@settings(deadline=None)
def test_lines_are_those_of_the_wire(events: list[AnyEvent]) -> None:
    lines = ndjson.lines(frames_of(events)).splitlines(keepends=True)
    for event, line in zip(events, lines, strict=True):
        assert json.loads(line) == json.loads(line_of(event))
        assert line == line_of(event) or not same_bytes(event)


@pytest.mark.parametrize("name", ['"', "\\", "\n", "\0\x1f", "\x7f", "\u2028", "é", "\U0001f600", "</script>"])
def test_texts_are_escaped(name: str) -> None:
    firm = Firm(
        siren="123456789", siret=None, known_at=None, name=name, department=None, activity=None, active=None,
        legal_form=None,
    )  # fmt: skip
    assert ndjson.lines(frames_of([firm, Clock(known_at=date(2018, 1, 1))])) == line_of(firm) + line_of(
        Clock(known_at=date(2018, 1, 1))
    )
