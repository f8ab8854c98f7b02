"""Which kind a file is, from its header."""

from collections.abc import Mapping, Sequence
from typing import Any

from streams.partners.column import header_key
from streams.partners.kind import Kind
from streams.partners.month_headers import is_month_header

_MOST = 0.75


def recognise(headers: Mapping[str, Sequence[str]], kinds: Mapping[str, Kind[Any]]) -> Kind[Any] | None:
    """The kind with the most columns in the header, among those that are near; None if none is.

    `headers` is the same header line split at each delimiter. Near is: most of the kind's columns; or at least one
    that no other kind has (or a month, of a wide kind) and at least half of those that a file must have. A file that
    lacks one is therefore still recognised, and refused with that column's name (`Kind.missing`), not skipped. Counts,
    not shares, decide: establishments' headcounts that carry the SIREN too must not pass for the firms'.
    """
    best, most = None, 0
    for kind in kinds.values():
        found, known = _columns(kind, headers[kind.delimiter])
        if found > most and (found >= _MOST * known or _is_near(kind, headers[kind.delimiter], kinds)):
            best, most = kind, found
    return best


def _is_near(kind: Kind[Any], header: Sequence[str], kinds: Mapping[str, Kind[Any]]) -> bool:
    must = sum(column.presence != "optional" for column in kind.columns) + (kind.monthly is not None)
    if 2 * len(kind.missing(header)) > must:
        return False
    others = {header_key(name) for other in kinds.values() if other is not kind for name in other.header}
    own = {header_key(name) for name in kind.header} - others
    return any(header_key(name) in own or (kind.monthly and is_month_header(name)) for name in header)


def _columns(kind: Kind[Any], header: Sequence[str]) -> tuple[int, int]:
    """How many of the kind's columns the header has, and how many there are; months count as one."""
    keys = {header_key(name) for name in header}
    found = [header_key(name) in keys for name in kind.header]
    if kind.monthly:
        found.append(any(is_month_header(name) for name in header))
    return sum(found), len(found)
