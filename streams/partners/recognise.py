"""Which kind a file is, from its header."""

from collections.abc import Mapping, Sequence
from typing import Any

from streams.partners.column import header_key
from streams.partners.kind import Kind
from streams.partners.month_headers import is_month_header

_MOST = 0.75


def recognise(headers: Mapping[str, Sequence[str]], kinds: Mapping[str, Kind[Any]]) -> Kind[Any] | None:
    """The kind whose header is nearest, None if none is near.

    `headers` is the same header line split at each delimiter. Near is: most of the kind's columns; or at least one
    that no other kind has (or a month, of a wide kind) and at least half of those that a file must have. A file that
    lacks one is therefore still recognised, and refused with that column's name (`Kind.missing`), not skipped.
    """
    best, best_share = None, 0.0
    for kind in kinds.values():
        header = headers[kind.delimiter]
        share = _share(kind, header)
        if share > best_share and (share >= _MOST or _is_near(kind, header, kinds)):
            best, best_share = kind, share
    return best


def _is_near(kind: Kind[Any], header: Sequence[str], kinds: Mapping[str, Kind[Any]]) -> bool:
    must = sum(column.presence != "optional" for column in kind.columns) + (kind.monthly is not None)
    if 2 * len(kind.missing(header)) > must:
        return False
    others = {header_key(name) for other in kinds.values() if other is not kind for name in other.header}
    own = {header_key(name) for name in kind.header} - others
    return any(header_key(name) in own or (kind.monthly and is_month_header(name)) for name in header)


def _share(kind: Kind[Any], header: Sequence[str]) -> float:
    keys = {header_key(name) for name in header}
    known = [header_key(name) in keys for name in kind.header]
    if kind.monthly:
        known.append(any(is_month_header(name) for name in header))
    return sum(known) / len(known)
