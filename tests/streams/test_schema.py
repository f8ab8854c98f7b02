import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.events import EARLIEST, EVENT_TYPES, AnyEvent, check_digits, early_date
from streams import schema
from streams.schema import asyncapi, event_schemas, files, main
from tests.streams.test_dead_letters import CASES, DELAY, HEADCOUNT, changed, without

FOLDER = Path(__file__).parents[2] / "docs" / "schema"
FORMATS = jsonschema.FormatChecker(["date"])
VALIDATORS = {
    name: jsonschema.Draft202012Validator(event_schema, format_checker=FORMATS)
    for name, event_schema in event_schemas().items()
}


def decoder_accepts(value: bytes) -> bool:
    """What the scorer takes: the types, and what types do not have: digits alone, and the bound on dates."""
    try:
        event: Any = msgspec.json.decode(value, type=AnyEvent)
        check_digits(event)
    except msgspec.DecodeError:
        return False
    return early_date(event) is None


def schema_accepts(value: bytes) -> bool:
    document = json.loads(value)
    if not isinstance(document, dict) or document.get("type") not in VALIDATORS:
        return False
    return bool(VALIDATORS[document["type"]].is_valid(document))


def test_the_files_are_current() -> None:
    assert schema.stale(FOLDER) == [], "run: python -m streams.schema --write docs/schema"


@pytest.mark.parametrize("name", event_schemas())
def test_each_is_a_json_schema_that_stands_alone(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(event_schemas()[name])
    assert "$ref" not in json.dumps(event_schemas()[name])


def test_there_is_a_file_for_every_event_type_and_one_for_all() -> None:
    assert set(files()) == {f"{name}.json" for name in EVENT_TYPES} | {"asyncapi.json", "evaluation.json"}


@pytest.mark.parametrize(("value", "_reason"), [case for case in CASES if case[1] != "not-json"])
def test_what_the_decoder_refuses_the_schema_refuses(value: bytes, _reason: str) -> None:
    assert not decoder_accepts(value)
    if b"1e400" not in value:  # Python's JSON reads it as infinity, which is beyond the bound as well
        assert not schema_accepts(value)


TAKEN = [
    changed(HEADCOUNT),
    changed(HEADCOUNT, more=1),
    changed(HEADCOUNT, headcount=2.5),
    changed(HEADCOUNT, siret="01234567800011", account="117000000000000000"),
    changed(DELAY),
    changed(DELAY, employer_share=-1e12, reason_code=3),
    b'{"type":"clock","known_at":"1980-01-01"}',
]


@pytest.mark.parametrize("value", TAKEN)
def test_what_the_decoder_takes_the_schema_takes(value: bytes) -> None:
    assert decoder_accepts(value)
    assert schema_accepts(value)


@given(st.dates(min_value=date(1000, 1, 1)) | st.dates(EARLIEST - timedelta(days=3), EARLIEST + timedelta(days=3)))
def test_dates_before_1980_are_refused_by_the_schema_and_not_by_the_types(day: date) -> None:
    value = changed(HEADCOUNT, month=day.isoformat())
    msgspec.json.decode(value, type=AnyEvent)
    assert schema_accepts(value) == decoder_accepts(value) == (day >= EARLIEST)


def test_the_bound_on_dates_is_told() -> None:
    text = event_schemas()["clock"]["properties"]["known_at"]["description"]
    assert EARLIEST.isoformat() in text
    assert "the decoder's own types do not" in text


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**13), 10**13),
    # Whole numbers written with a fraction aside: the schema's description tells of them.
    st.floats(-1e13, 1e13).filter(lambda number: not number.is_integer()),
    st.text(max_size=20),
    st.sampled_from(["2018-01-01", "2018-1-1", "1979-12-31", "20180101", "x" * 64, "x" * 65, "0" * 9, "0" * 14, "21"]),
    st.sampled_from(["liquidation", "redressement", "sauvegarde", "fin_procedure"]),
    st.just([]),
    st.just({}),
)
SAMPLES: dict[str, dict[str, Any]] = {
    "headcount": HEADCOUNT,
    "payment-delay": DELAY,
    "clock": {"type": "clock", "known_at": "2018-02-01"},
    "firm": {
        "type": "firm",
        "siren": "012345678",
        "siret": None,
        "known_at": None,
        "name": "EVIL",
        "department": "2A",
        "activity": "01.11Z",
        "active": True,
        "legal_form": None,
    },
    "insolvency-proceeding": {
        "type": "insolvency-proceeding",
        "siren": "012345678",
        "siret": None,
        "known_at": "2018-02-01",
        "effective_on": "2018-02-01",
        "action": "liquidation",
        "stage": None,
    },
    "partial-unemployment-use": {
        "type": "partial-unemployment-use",
        "siren": "012345678",
        "siret": "01234567800011",
        "known_at": "2018-02-01",
        "request_id": "021000001",
        "month": "2018-01-01",
        "hours": 151.67,
        "amount": None,
        "headcount": 1,
    },
}


@settings(deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_a_field_changed_at_will_is_judged_alike(name: str, data: st.DataObject) -> None:
    sample = SAMPLES[name]
    field = data.draw(st.sampled_from(sorted(sample.keys() - {"type"})))
    value = changed(sample, **{field: data.draw(VALUES)})
    assert schema_accepts(value) == decoder_accepts(value)


@settings(deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_a_field_left_out_is_judged_alike(name: str, data: st.DataObject) -> None:
    value = without(SAMPLES[name], data.draw(st.sampled_from(sorted(SAMPLES[name]))))
    assert not decoder_accepts(value)
    assert not schema_accepts(value)


def resolve(document: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
    return document


def references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for value in part.values() for found in references(value)]
    return [found for item in part for found in references(item)] if isinstance(part, list) else []


def test_every_reference_of_the_document_leads_somewhere() -> None:
    document = asyncapi()
    found = references(document)
    assert len(found) > 30
    for reference in found:
        assert resolve(document, reference)


def test_channels_are_the_topics_with_their_keys() -> None:
    document = asyncapi()
    channels = {channel["address"]: channel for channel in document["channels"].values()}
    assert set(channels) == {
        "vigie.events",
        "vigie.alerts",
        "vigie.labelled-examples",
        "vigie.models",
        "vigie.dead-letters",
    }
    events = channels["vigie.events"]
    assert len(events["messages"]) == len(EVENT_TYPES)
    assert events["bindings"]["kafka"]["partitions"] == 8
    assert events["bindings"]["kafka"]["topicConfiguration"]["retention.ms"] == -1
    messages = document["components"]["messages"]
    assert messages["Clock"]["bindings"]["kafka"]["key"]["type"] == "null"
    assert messages["PaymentDelay"]["bindings"]["kafka"]["key"]["pattern"] == "^[0-9]{9}$"
    assert messages["PaymentDelay"]["headers"]["properties"]["type"] == {
        "const": "payment-delay",
        "description": "the event's type, as in its value",
    }


def test_components_are_json_schemas() -> None:
    for component in asyncapi()["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(component)


def test_check_and_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "schema"
    assert main(["--write", str(folder)]) == 0
    assert main(["--check", str(folder)]) == 0
    (folder / "clock.json").write_text("{}")
    (folder / "gone.json").write_text("{}")
    assert main(["--check", str(folder)]) == 1
    assert "clock.json, gone.json" in capsys.readouterr().err
    assert main(["--write", str(folder)]) == 0
    assert main(["--check", str(folder)]) == 0
