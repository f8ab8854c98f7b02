"""A small simulated world, and what replay makes of it: what the live path is held against."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from alerts.alert import Alert
from detectors import pack
from detectors.chain import Chain
from detectors.events import AnyEvent
from detectors.models import prior
from detectors.outcome import Scores
from streams.replay import Replay, ReplayOptions
from vigie.__main__ import main

Line = dict[str, Any]


@dataclass(frozen=True)
class World:
    """Partner files, and their events as `vigie ingest --to FILE` writes them."""

    files: Path
    lines: tuple[Line, ...]

    @cached_property
    def frozen(self) -> "State":
        """What replay makes of the events with the model that it starts from."""
        return replayed([msgspec.convert(line["value"], AnyEvent) for line in self.lines])

    def parts(self, count: int) -> list[tuple[Line, ...]]:
        """The lines in so many parts of about the same length, in order."""
        edges = [len(self.lines) * part // count for part in range(count + 1)]
        return [self.lines[start:end] for start, end in pairwise(edges)]


@dataclass(frozen=True)
class State:
    """What came of events: the alerts' ids, sorted, and what is known of each firm and of each waiting cohort.

    Firms are as the changelog keeps them but for the offset of their last event, which replay does not know.
    """

    ids: list[str]
    firms: dict[bytes, bytes]
    cohorts: dict[tuple[int, int], tuple[bytes, float]]
    entered: dict[str, bytes] = field(default_factory=dict, compare=False)
    """Of the ids, those of alerts that a firm at risk has entered a proceeding, and which firm."""


def make_world(folder: Path, firms: int = 65) -> World:
    """Simulate and ingest, by the commands."""
    files, lines = folder / "files", folder / "events.ndjson"
    assert main(["simulate", str(files), "--firms", str(firms), "--months", "27", "--seed", "13"]) == 0
    assert main(["ingest", str(files), "--to", str(lines)]) == 0
    return World(files, tuple(json.loads(line) for line in lines.read_text().splitlines()))


def replayed(events: Iterable[AnyEvent]) -> State:
    """The state and the alerts of a single chain with a frozen model."""
    ids = _Ids()
    replay = Replay(ReplayOptions(frozen=True), ids, datetime.now(UTC))
    replay.run_events(events)
    return State(sorted(ids.found), *_state([replay.chain]), ids.entered)


def recovered(records: Iterable[Any], ids: list[str]) -> State:
    """The state in a changelog's records, each partition read as its worker would."""
    chains: dict[int, Chain] = {}
    last: dict[int, dict[bytes, bytes | None]] = {}
    for record in records:
        last.setdefault(record.partition, {})[record.key] = record.value
    for partition, found in last.items():
        chains[partition] = Chain(prior())
        pack.load(chains[partition], found.items())
    return State(ids, *_state(chains.values()))


def _state(
    chains: Iterable[Chain],
) -> tuple[dict[bytes, bytes], dict[tuple[int, int], tuple[bytes, float]]]:
    firms: dict[bytes, bytes] = {}
    cohorts: dict[tuple[int, int], tuple[bytes, float]] = {}
    for chain in chains:
        chain.panel.firms["offset"] = 0
        rows = np.arange(len(chain.panel))
        for key, value in pack.firm_records(chain.panel, rows):
            assert key not in firms, f"firm {key!r} is on two partitions"
            assert value is not None
            firms[key] = value
        for month, parts in chain.pending.items():
            for cohort in parts.values():
                rows_of = zip(cohort.sirens.tolist(), cohort.codes, cohort.members, cohort.logits.tolist(), strict=True)
                cohorts |= {
                    (month, siren): (codes.tobytes() + members.tobytes(), logit)
                    for siren, codes, members, logit in rows_of
                }
    return firms, cohorts


class _Ids:
    """Takes the alerts of a replay for their ids."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.entered: dict[str, bytes] = {}

    def scores(self, scores: Scores, model_version: str) -> None:
        """Not looked at."""

    def alert(self, alert: Alert) -> None:
        """An alert."""
        self.found.append(alert.id)
        if any(item.field == "in_proceeding" for item in alert.evidence):
            self.entered[alert.id] = alert.siren.encode()
