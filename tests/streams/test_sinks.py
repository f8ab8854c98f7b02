import io
import json
from datetime import date

from detectors.events import Clock, Firm
from streams.sinks import LineSink

FIRM = Firm(
    siren="123456789",
    siret=None,
    known_at=None,
    name='É"\n',
    department="75",
    activity=None,
    active=True,
    legal_form=None,
)


def test_lines_have_topic_key_and_value() -> None:
    stream = io.BytesIO()
    sink = LineSink(stream)
    sink.send(FIRM)
    sink.send(Clock(known_at=date(2018, 2, 1)))
    sink.flush()
    firm, clock = stream.getvalue().splitlines()
    assert json.loads(firm) == {
        "topic": "vigie.events",
        "key": "123456789",
        "value": {
            "type": "firm", "siren": "123456789", "siret": None, "known_at": None, "name": 'É"\n', "department": "75",
            "activity": None, "active": True, "legal_form": None,
        },
    }  # fmt: skip
    assert json.loads(clock) == {
        "topic": "vigie.events", "key": None, "value": {"type": "clock", "known_at": "2018-02-01"},
    }  # fmt: skip
