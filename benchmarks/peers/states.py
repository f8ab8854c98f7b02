"""The state that a program has left, read from where it keeps it, in one form; and the differences from a reference."""

import json
import pickle
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from benchmarks.peers import columns, work
from benchmarks.peers.given import Given
from benchmarks.peers.site import Site


class Firm(NamedTuple):
    """A firm's state but for its score: scores depend on the order in which partitions are learned from."""

    debts: frozenset[tuple[int, float]]
    totals: tuple[float, ...]
    smoothed: float
    events: int


@dataclass(frozen=True)
class Verdict:
    """How many firms there should be, and how many are missing or differ."""

    firms: int
    missing: int
    wrong: int

    def __str__(self) -> str:
        if not self.missing and not self.wrong:
            return f"equal ({self.firms:,} firms)"
        return f"DIFFERS: {self.missing} missing, {self.wrong} wrong of {self.firms:,}"


def compared(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Verdict:
    """What was found beside what should be there; more firms than wanted are wrong."""
    missing = sum(siren not in found for siren in wanted)
    wrong = sum(siren not in wanted or wanted[siren] != state for siren, state in found.items())
    return Verdict(len(wanted), missing, wrong)


def of_dict(state: work.State) -> Firm:
    """A textbook program's."""
    debts = frozenset((columns.code_of(debt), float(amount)) for debt, amount in state["debts"].items())
    return Firm(debts, tuple(map(float, state["totals"])), float(state["smoothed"]), int(state["events"]))


def of_row(row: np.void) -> Firm:
    """A row of `columns.FIRM`."""
    held = zip(row["debts"].tolist(), row["amounts"].tolist(), strict=True)
    events = int(row["events"])
    totals = row["totals"].tolist()[-min(events, work.TOTALS) :]
    return Firm(frozenset(pair for pair in held if pair[0]), tuple(totals), float(row["smoothed"]), events)


def of_columns(site: Site, told: Given) -> dict[str, Firm]:
    """From the changelog that `columns` writes."""
    values = [value for value in site.last_records(told.changelog).values() if value]
    return {str(row["siren"]): of_row(row) for row in np.frombuffer(b"".join(values), columns.FIRM)}


def of_faust(site: Site, told: Given) -> dict[str, Firm]:
    """From the table's changelog."""
    last = site.last_records(told.changelog)
    return {json.loads(key): of_dict(json.loads(value)) for key, value in last.items() if value}


def of_quix(site: Site, told: Given) -> dict[str, Firm]:
    """From the store's changelog: keys are the firm's, a separator and the name of the value."""
    (topic,) = (name for name in site.topics() if name.startswith(f"changelog__{told.run}"))
    last = site.last_records(topic)
    return {key.split(b"|")[0].decode(): of_dict(json.loads(value)) for key, value in last.items() if value}


def of_bytewax(_site: Site, told: Given) -> dict[str, Firm]:
    """From its recovery partitions: the last snapshot of each key of the stateful step."""
    states: dict[str, Firm] = {}
    for path in told.data.glob("part-*.sqlite3"):
        connection = sqlite3.connect(path)
        rows = connection.execute(
            "SELECT state_key, ser_change FROM snaps WHERE step_id LIKE '%score%' ORDER BY snap_epoch"
        )
        states |= {key: of_dict(pickle.loads(change)) for key, change in rows if change is not None}
        connection.close()
    return states


def reference(states: Mapping[str, work.State]) -> dict[str, Firm]:
    """Of `work.reference`."""
    return {siren: of_dict(state) for siren, state in states.items()}
