"""Whether the audit log is as it was written: the chain, its end, its purges, and anchors kept somewhere else.

The chain alone shows what was changed, removed from the middle, put in another order, or cut off. Who may write all of
Redis could make a whole new chain: that shows against an anchor, the number and hash of an entry, which the operator
keeps where Redis' masters do not write.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from alerts.audit import PURGED, Head, Sealed, Stored, decode, digest


class Anchor(msgspec.Struct, frozen=True):
    """An entry that was the last one at some time; a line of JSON in an anchor file."""

    seq: int
    hash: str
    at: datetime


class Verdict(NamedTuple):
    """What was looked at, from entry `first` to entry `last`, and what is wrong with it, in words."""

    entries: int
    first: int
    last: int
    findings: tuple[str, ...]


class _Seen:
    """What a pass over the entries keeps: everything but the entries."""

    def __init__(self, asked: Iterable[int]) -> None:
        self.entries = 0
        self.first: Sealed | None = None
        self.last: tuple[int, str] = (0, "")
        self.purges: dict[str, datetime] = {}
        """The time of each purge, by its object."""
        self.hashes: dict[int, str | None] = dict.fromkeys(asked)


def check(entries: Iterable[Stored], end: Head | None, anchors: Sequence[Anchor] = (), *, kept_days: int) -> Verdict:
    """Look at entries from the oldest on. `end` is the head from before they were read; an exported log has none.

    No purge may have removed an entry that an anchor knows to be younger than `kept_days`.
    """
    seen = _Seen([anchor.seq for anchor in anchors] + ([end.seq] if end else []))
    findings = list(_chain(entries, seen))
    findings += _beginning(seen)
    if end is not None and end.seq and seen.hashes[end.seq] != end.hash:
        findings.append(f"entry {end.seq} was the last one, with hash {end.hash}: it is missing or another one now")
    for anchor in anchors:
        findings += _anchored(seen, anchor, kept_days)
    return Verdict(seen.entries, seen.first.seq if seen.first else 0, seen.last[0], tuple(findings))


def _chain(entries: Iterable[Stored], seen: _Seen) -> Iterator[str]:
    """What is wrong with each entry, or between it and the one before it."""
    for item in entries:
        seen.entries += 1
        own = digest(item.entry)
        if own != item.hash:
            yield f"the entry {item.id} was changed: its hash is {own}, and was {item.hash or 'none'}"
        try:
            entry = decode(item.entry)
        except msgspec.DecodeError as error:
            yield f"the entry {item.id} is none of the log's ({error})"
            continue
        if seen.first is None:
            seen.first = entry
        else:
            yield from _link(seen.last, entry, item.id)
        if entry.action == PURGED:
            seen.purges[entry.object] = entry.at
        if entry.seq in seen.hashes:
            seen.hashes[entry.seq] = own
        seen.last = entry.seq, own


def _link(before: tuple[int, str], entry: Sealed, name: str) -> Iterator[str]:
    seq, own = before
    if entry.seq > seq + 1:
        yield f"entries {seq + 1} to {entry.seq - 1} are missing before {name}"
    elif entry.seq <= seq:
        yield f"the entry {name} has number {entry.seq} and stands behind number {seq}"
    elif entry.previous != own:
        yield f"the entry {name} (number {entry.seq}) was not written behind the one that stands before it"


def _beginning(seen: _Seen) -> Iterator[str]:
    first = seen.first
    if first is None or (first.seq == 1 and not first.previous):
        return
    if f"{first.seq - 1}:{first.previous}" not in seen.purges:
        yield f"the log begins with entry {first.seq}, and no purge tells of the entries before it"


def _anchored(seen: _Seen, anchor: Anchor, kept_days: int) -> Iterator[str]:
    first = seen.first.seq if seen.first else 1
    if anchor.seq >= first:
        found = seen.hashes[anchor.seq]
        if found != anchor.hash:
            state = "is missing" if found is None else "is another one"
            yield f"entry {anchor.seq}, anchored at {anchor.at:%Y-%m-%dT%H:%M:%SZ}, {state}"
        return
    removed = [at for name, at in seen.purges.items() if int(name.partition(":")[0]) >= anchor.seq]
    if removed and min(removed) - anchor.at < timedelta(days=kept_days):
        yield f"entry {anchor.seq}, of {anchor.at:%Y-%m-%d}, was purged before its {kept_days} days were over"
