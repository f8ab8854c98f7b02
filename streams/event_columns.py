"""Events as columns: one table an event type, a column a field, and the same events as structs.

Dates are Date, numbers Int64 or Float64, texts and codes String, flags Boolean; null is unknown. Counts, which may be
ints or floats, are Float64: a whole one is an int as a struct.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
import polars as pl

from detectors.events import EVENT_TYPES, AnyEvent
from streams.partners.coded import Coded, Values

EventType = type[AnyEvent]

_DTYPES: dict[frozenset[type], type[pl.DataType]] = {
    frozenset({date}): pl.Date,
    frozenset({bool}): pl.Boolean,
    frozenset({int}): pl.Int64,
    frozenset({float}): pl.Float64,
    frozenset({int, float}): pl.Float64,
    frozenset({str}): pl.String,
    frozenset({str, int}): pl.String,  # codes: partner files give texts
    frozenset(): pl.Date,  # the day known of what has none
}


def _scalars(hint: Any) -> frozenset[type]:
    """The plain types that a field's type hint allows, None left out."""
    if get_origin(hint) is Annotated:
        return _scalars(get_args(hint)[0])
    if get_origin(hint) is Literal:
        return frozenset(type(value) for value in get_args(hint))
    if get_args(hint):
        return frozenset().union(*map(_scalars, get_args(hint)))
    return frozenset({hint} - {None, NoneType})


_FIELDS: dict[EventType, dict[str, frozenset[type]]] = {
    event: {field.name: _scalars(field.type) for field in msgspec.structs.fields(event)}
    for event in EVENT_TYPES.values()
}
SCHEMAS: dict[EventType, dict[str, type[pl.DataType]]] = {
    event: {name: _DTYPES[scalars] for name, scalars in fields.items()} for event, fields in _FIELDS.items()
}
"""By event type, its columns in the order of its fields."""
COUNTS: dict[EventType, tuple[str, ...]] = {
    event: tuple(name for name, scalars in fields.items() if scalars == {int, float})
    for event, fields in _FIELDS.items()
}
"""By event type, the columns of counts."""


def table(event: EventType, fields: Mapping[str, Values]) -> pl.DataFrame:
    """The events of one type whose fields these are, all of the same length."""
    return pl.DataFrame({name: _column(fields[name], dtype) for name, dtype in SCHEMAS[event].items()})


def _column(values: Values, dtype: type[pl.DataType]) -> pl.Series:
    return values.column(dtype) if isinstance(values, Coded) else values.cast(dtype)


def table_of(event: EventType, events: Iterable[AnyEvent]) -> pl.DataFrame:
    """Events of that type, as a table."""
    rows = [tuple(getattr(one, name) for name in SCHEMAS[event]) for one in events]
    return pl.DataFrame(rows, schema=SCHEMAS[event], orient="row", strict=False)


def structs(event: EventType, events: pl.DataFrame) -> Sequence[AnyEvent]:
    """The events of a table, which may have more columns."""
    names = tuple(SCHEMAS[event])
    columns = [_numbers(events[name]) if name in COUNTS[event] else events[name].to_list() for name in names]
    return [event(**dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def _numbers(counts: pl.Series) -> Sequence[Any]:
    return [int(n) if n is not None and n.is_integer() else n for n in counts.to_list()]
