"""Strategy: events at the edge of what the contract lets in, from the types alone."""

from datetime import date
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from detectors.events import EVENT_TYPES, AnyEvent

KNOWN = (date(2017, 12, 31), date(2018, 1, 1), date(2018, 2, 28))
DAYS = (date(1980, 1, 1), *KNOWN, date(9999, 12, 31))
BOUNDLESS = 10**30
IDENTIFIERS = {9: ["000000000", "123456789", "999999999"], 14: ["00000000000000", "12345678900011", "9" * 14]}
CODES = ["01", "2A", "976", "ZZZ"]
PIECES = ["", "|", "~clock", "~cohort|1|0", "\x00", "\x1b[2J", "é", "\U0001f600", "fin_procedure"]


def event() -> st.SearchStrategy[AnyEvent]:
    """Any event, known within the same few months."""
    return st.sampled_from(sorted(EVENT_TYPES)).flatmap(_of_type)


def _of_type(name: str) -> st.SearchStrategy[AnyEvent]:
    info = inspect.type_info(EVENT_TYPES[name])
    assert isinstance(info, inspect.StructType)
    fields = {field.encode_name: _values(field.type) for field in info.fields}
    if name != "firm":
        fields["known_at"] = st.sampled_from(KNOWN)
    return st.fixed_dictionaries({**fields, "type": st.just(name)}).map(_decoded)


def _decoded(fields: dict[str, Any]) -> AnyEvent:
    return msgspec.json.decode(msgspec.json.encode(fields), type=AnyEvent)


def _values(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """The edges of a type; fails on a type that the contract did not have when this was written."""
    match kind:
        case inspect.UnionType():
            return st.one_of([_values(one) for one in kind.types])
        case inspect.Metadata():
            return _values(kind.type)
        case inspect.NoneType():
            return st.none()
        case inspect.BoolType():
            return st.booleans()
        case inspect.DateType():
            return st.sampled_from(DAYS)
        case inspect.LiteralType():
            return st.sampled_from(kind.values)
        case inspect.IntType():
            lowest, highest = (bound if bound is not None else BOUNDLESS for bound in (kind.ge, kind.le))
            return st.sampled_from([min(lowest, -lowest), 1, 5, highest] if kind.ge is None else [lowest, 1, highest])
        case inspect.FloatType():
            assert kind.ge is not None
            assert kind.le is not None
            return st.sampled_from([float(kind.ge), 5e-324, 0.5, float(kind.le)])
        case inspect.StrType(min_length=9) | inspect.StrType(min_length=14):
            assert kind.min_length is not None
            return st.sampled_from(IDENTIFIERS[kind.min_length])
        case inspect.StrType(pattern=None):
            longest = kind.max_length
            assert longest is not None
            return st.sampled_from([*PIECES, "x" * longest, "\U0001f600" * longest])
        case inspect.StrType():
            return st.sampled_from(CODES)
    raise TypeError(kind)
