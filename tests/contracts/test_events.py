"""Every event type: there and back through JSON, refused beyond its bounds, applied twice or in any order as once."""

import json
import random
import string
from collections.abc import Iterator
from datetime import date, timedelta
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.events import (
    EARLIEST,
    EVENT_TYPES,
    AnyEvent,
    Clock,
    Firm,
    FirmEvent,
    check_digits,
    early_date,
    identity,
    type_name,
)
from streams.wire import encode
from tests.detectors.applying import applied, facts
from tests.detectors.strategies import SIRENS

TYPES = tuple(EVENT_TYPES.values())
NAMES = tuple(EVENT_TYPES)
FIRM_TYPES = tuple(cls for cls in TYPES if cls is not Clock)
_decoder = msgspec.json.Decoder(AnyEvent)


def _decode(text: str | bytes) -> Any:
    event = _decoder.decode(text)
    check_digits(event)
    return event


FIRST_PART = date(2016, 1, 1)


def values(annotation: Any, meta: msgspec.Meta | None = None) -> st.SearchStrategy[Any]:
    """Every value that an annotation lets in, its bounds among them."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return values(arguments[0], arguments[1])
    if origin in (Union, UnionType):
        return st.one_of(*(values(argument) for argument in arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    pattern = _pattern(meta)
    if annotation is str and pattern is not None:
        return st.from_regex(pattern.replace("$", r"\Z"), alphabet=string.digits + string.ascii_uppercase)
    if annotation is str:
        assert meta is not None, "every text has a bound"
        return st.text(st.characters(exclude_categories=["Cs"]), max_size=meta.max_length)
    if annotation is int:
        return st.integers(_bound(meta, "ge", -(2**63)), _bound(meta, "le", 2**63 - 1))
    if annotation is float:
        assert meta is not None, "every amount has a bound"
        return st.floats(meta.ge, meta.le)
    if annotation is date:
        return st.dates(EARLIEST, date(2100, 12, 31))
    return {bool: st.booleans(), NoneType: st.none()}[annotation]


def _pattern(meta: msgspec.Meta | None) -> str | None:
    """What a text looks like, whether msgspec holds it to that or `check_digits` does."""
    return None if meta is None else meta.pattern or (meta.extra_json_schema or {}).get("pattern")


def _bound(meta: msgspec.Meta | None, name: str, otherwise: int) -> int:
    value = getattr(meta, name, None)
    return otherwise if value is None else int(value)


def hints(cls: type) -> dict[str, Any]:
    """The annotations of an event type's fields, bounds included."""
    found = get_type_hints(cls, include_extras=True)
    return {name: found[name] for name in cls.__struct_fields__}  # type: ignore[attr-defined]  # a msgspec struct


def events_of(cls: type[AnyEvent]) -> st.SearchStrategy[AnyEvent]:
    return st.builds(cls, **{name: values(annotation) for name, annotation in hints(cls).items()})


def few_events_of(cls: type[FirmEvent]) -> st.SearchStrategy[FirmEvent]:
    """Events of two firms whose keys and days meet; reference data of a firm all tell the same."""
    common: dict[str, st.SearchStrategy[Any]] = {
        "siren": st.sampled_from(SIRENS),
        "siret": st.sampled_from([None, "11111111100001", "11111111100002"]),
    }
    if cls is Firm:
        common |= {"name": st.sampled_from([None, "Étoile"]), "department": st.sampled_from([None, "2A"])}
        common |= {"activity": st.sampled_from([None, "62.01Z"]), "known_at": st.none()}
    few = st.integers(0, 500).map(lambda n: FIRST_PART + timedelta(days=n))
    fields = {name: _few(annotation, few) for name, annotation in hints(cls).items()} | common
    return st.builds(cls, **fields)


FEW = (None, "A", "B", 1, 2, 6, False, True)


def _few(annotation: Any, days: st.SearchStrategy[date]) -> st.SearchStrategy[Any]:
    """One of few values, so that some are equal and some are not."""
    if annotation is date:
        return days
    if date in get_args(annotation):
        return days | st.none()
    allowed = [value for value in FEW if _fits(value, annotation)]
    return st.sampled_from(allowed) if len(allowed) > 1 else values(annotation)


def _fits(value: Any, annotation: Any) -> bool:
    try:
        msgspec.convert(value, annotation)
    except msgspec.ValidationError:
        return False
    return True


def test_there_are_ten_types() -> None:
    assert len(TYPES) == 10
    assert set(TYPES) == set(get_args(AnyEvent))
    assert NAMES == (
        "payment-delay", "contribution", "payment-schedule", "debt-commission", "partial-unemployment-request",
        "partial-unemployment-use", "headcount", "insolvency-proceeding", "firm", "clock",
    )  # fmt: skip


@pytest.mark.parametrize("cls", TYPES, ids=NAMES)
def test_an_event_comes_back_from_its_json(cls: type[AnyEvent]) -> None:
    @settings(max_examples=40, deadline=None)
    @given(events_of(cls))
    def check(event: AnyEvent) -> None:
        sent = encode(event)
        assert b"\n" not in sent
        assert _decode(sent) == event
        assert encode(_decode(sent)) == sent
        assert json.loads(sent)["type"] == type_name(event)
        assert early_date(event) is None

    check()


@pytest.mark.parametrize("cls", TYPES, ids=NAMES)
def test_fields_that_are_not_in_the_contract_are_ignored(cls: type[AnyEvent]) -> None:
    plain = example(cls)
    assert _decode(json.dumps(plain | {"source": {"file": "x"}, "zz": [1, None]})) == _decode(json.dumps(plain))


@pytest.mark.parametrize("cls", TYPES, ids=NAMES)
def test_a_missing_field_is_refused(cls: type[AnyEvent]) -> None:
    plain = example(cls)
    for name in plain:
        with pytest.raises(msgspec.ValidationError):
            _decode(json.dumps({k: v for k, v in plain.items() if k != name}))


@pytest.mark.parametrize("cls", FIRM_TYPES, ids=NAMES[:-1])
def test_twice_is_once_and_any_order_gives_one_state(cls: type[FirmEvent]) -> None:
    seen = 0

    @settings(max_examples=30, deadline=None)
    @given(st.lists(few_events_of(cls), min_size=3, max_size=12), st.integers(0, 10**6))
    def check(events: list[FirmEvent], seed: int) -> None:
        nonlocal seen
        rng = random.Random(seed)
        once = facts(applied(events))
        assert facts(applied(rng.sample(events, len(events)))) == once
        assert facts(applied([*events, *rng.sample(events, len(events))])) == once
        seen += len(events)

    check()
    assert seen > 60


@pytest.mark.parametrize("cls", TYPES, ids=NAMES)
def test_identity_tells_events_of_a_type_and_firm_apart_by_their_identifying_fields(cls: type[AnyEvent]) -> None:
    base = _decode(json.dumps(example(cls)))
    own = ("known_at",) if cls is Clock else ("siren", *getattr(cls, "identity_fields", ()))
    assert set(identity(base)) == {"type", *own}
    assert json.loads(json.dumps(identity(base))) == identity(base)
    for name in base.__struct_fields__:
        other = msgspec.structs.replace(base, **{name: another(getattr(base, name))})
        assert (identity(other) == identity(base)) == (name not in own), name


def test_events_of_different_types_are_never_the_same() -> None:
    identities = [json.dumps(identity(_decode(json.dumps(example(cls))))) for cls in TYPES]
    assert len(set(identities)) == 10


def another(value: Any) -> Any:
    """A value that differs, valid or not: identity looks at no bounds."""
    if value is None:
        return "X"
    if isinstance(value, bool):
        return not value
    return (
        value + timedelta(days=1)
        if isinstance(value, date)
        else value + (1 if isinstance(value, (int, float)) else "0")
    )


def example(cls: type[AnyEvent]) -> dict[str, Any]:
    """One valid event as JSON holds it, with nothing unknown that may be known."""
    return {"type": cls.__struct_config__.tag} | {n: _example(annotation) for n, annotation in hints(cls).items()}


def _example(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, UnionType):
        return _example(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    bare, meta = (*get_args(annotation), None)[:2] if get_origin(annotation) is Annotated else (annotation, None)
    if bare is str and meta is not None and _pattern(meta) is not None:
        return "7" * (meta.min_length or 2)
    return {str: "A", int: 1, float: 1.5, bool: True, date: "2018-02-01", NoneType: None}[bare]


# Bounds: each field's own, a little beyond

TOO_LONG = 10**4


def beyond(annotation: Any) -> Iterator[Any]:
    """Values that the annotation must refuse; for a union, those that no part of it lets in."""
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    kinds: set[Any] = set()
    for part in parts:
        bare, meta = get_args(part)[:2] if get_origin(part) is Annotated else (part, None)
        kinds.add(Literal if get_origin(bare) is Literal else bare)
        if bare is str and meta is not None:
            yield from ("x" * (meta.max_length + 1), "9" * TOO_LONG)
            if _pattern(meta) is not None:
                yield from ("", "a" * (meta.min_length or 2), " " + "1" * (meta.min_length or 2))
        elif bare in (int, float) and meta is not None:
            step = 1 if bare is int else max(abs(meta.ge), abs(meta.le)) / 1e6
            yield from (meta.ge - step, meta.le + step)
        elif bare is date:
            yield from ("2018-02-30", "01/02/2018", "2018-2-1", "", "20180201", 1_517_443_200)
    if str not in kinds and Literal not in kinds:
        yield "text"
    if Literal in kinds:
        yield from ("", "faillite", "Liquidation")
    if NoneType not in kinds:
        yield None
    if not kinds & {int, float}:
        yield 12.5
    if bool not in kinds:
        yield True
    yield from ([], {})


FIELDS = [(cls, name) for cls in TYPES for name in hints(cls)]


@pytest.mark.parametrize(("cls", "name"), FIELDS, ids=[f"{c.__struct_config__.tag}.{n}" for c, n in FIELDS])
def test_each_bound_is_refused(cls: type[AnyEvent], name: str) -> None:
    tried = list(beyond(hints(cls)[name]))
    assert len(tried) >= 3
    for value in tried:
        with pytest.raises(msgspec.ValidationError, match=rf"\$\.{name}"):
            _decode(json.dumps(example(cls) | {name: value}))


@pytest.mark.parametrize(("cls", "name"), FIELDS, ids=[f"{c.__struct_config__.tag}.{n}" for c, n in FIELDS])
def test_each_bound_itself_is_let_in(cls: type[AnyEvent], name: str) -> None:
    annotation = hints(cls)[name]
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    edges: list[Any] = [_example(annotation)]
    for part in parts:
        bare, meta = get_args(part)[:2] if get_origin(part) is Annotated else (part, None)
        if bare is NoneType:
            edges.append(None)
        elif bare in (int, float) and meta is not None:
            edges += [bare(meta.ge), bare(meta.le)]
        elif bare is str and meta is not None and _pattern(meta) is None:
            edges += ["", "x" * meta.max_length]
    for edge in edges:
        assert getattr(_decode(json.dumps(example(cls) | {name: edge})), name) is not ...


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "1e13", "-1e13"])
def test_amounts_that_are_not_finite_or_too_large_are_refused(number: str) -> None:
    for cls in TYPES:
        for name, annotation in hints(cls).items():
            if float in (get_args(annotation) or ()) or "float" in str(annotation):
                text = json.dumps(example(cls) | {name: "@"}).replace('"@"', number)
                with pytest.raises(msgspec.MsgspecError):
                    _decode(text)


@pytest.mark.parametrize(
    "data", ["", "null", "[]", "1", '"x"', "{}", '{"type": "loan"}', '{"type": 1}', "{", "nul\x00"]
)
def test_what_is_no_event_is_refused(data: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        _decode(data)


@pytest.mark.parametrize("cls", TYPES, ids=NAMES)
def test_dates_before_1980_are_named(cls: type[AnyEvent]) -> None:
    base = _decode(json.dumps(example(cls)))
    for name, annotation in hints(cls).items():
        if annotation is date or date in get_args(annotation):
            at_edge = msgspec.structs.replace(base, **{name: EARLIEST})
            before = msgspec.structs.replace(base, **{name: EARLIEST - timedelta(days=1)})
            assert (early_date(at_edge), early_date(before)) == (None, name)


def test_events_cannot_be_changed() -> None:
    event = _decode(json.dumps(example(Clock)))
    with pytest.raises(AttributeError):
        event.known_at = date(2020, 1, 1)


@settings(max_examples=150, deadline=None)
@given(st.one_of(*(events_of(cls) for cls in FIRM_TYPES)))
def test_any_event_within_its_bounds_can_be_applied(event: FirmEvent) -> None:
    """What is let in never stops a worker, however far out it lies."""
    panel = applied([event])
    assert np.isfinite(panel.firms["debt_moment"][0])
    assert facts(applied([event, event])) == facts(panel)
