"""Events through a chain as a worker takes them, with all that comes out written down."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from alerts import alert as contract
from alerts.alert import Alert, Origin
from detectors import pack
from detectors.batch import batch_of
from detectors.chain import Chain, ChainOptions
from detectors.decisions import DecisionOptions
from detectors.events import AnyEvent
from detectors.jumps import JumpOptions
from detectors.labels import Examples
from detectors.models import prior
from detectors.outcome import Outcome
from detectors.tiers import TierOptions
from streams.alerting import alert_of

EAGER = ChainOptions(
    decisions=DecisionOptions(
        tiers=TierOptions(dwell_days=20), jumps=JumpOptions(rise=0.3, deviations=1.0, month_ends=2, cooldown_days=10)
    ),
    horizon=3,
)
"""Quick to speak and to answer, so that short streams come to something."""
RAISED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def new_chain() -> Chain:
    return Chain(prior(), EAGER)


def state(chain: Chain) -> dict[bytes, bytes | None]:
    """All that the changelog would keep of a chain."""
    rows = chain.firms.rows_of(chain.firms.sirens())
    records = dict([*pack.firm_records(chain.panel, rows), pack.clock_record(chain.time)])
    for cohort in chain.waiting():
        records |= dict(pack.cohort_records(cohort))
    return records


@dataclass
class Run:
    """What came out of a chain, in order."""

    chain: Chain = field(default_factory=new_chain)
    alerts: list[Alert] = field(default_factory=list)
    scores: list[tuple[int, list[int], list[float], list[int]]] = field(default_factory=list)
    examples: list[tuple[int, list[int], list[bool], bytes]] = field(default_factory=list)

    def take(self, events: Sequence[AnyEvent], first_offset: int | None = None) -> "Run":
        """One batch; `first_offset` is that of its first event, the others follow."""
        offsets = None if first_offset is None else np.arange(first_offset, first_offset + len(events))
        for outcome in self.chain.step(batch_of(events, offsets)):
            self.note(outcome, first_offset or 0)
        return self

    def take_all(self, events: Sequence[AnyEvent], cuts: Sequence[int] = (), *, offsets: bool = True) -> "Run":
        """All events, in batches cut at these positions."""
        edges = [0, *sorted(cuts), len(events)]
        for start, end in pairwise(edges):
            batch = batch_of(events[start:end], np.arange(start, end) if offsets else None)
            for outcome in self.chain.step(batch):
                self.note(outcome, start)
        return self

    def note(self, outcome: Outcome, start: int) -> None:
        self.alerts += alerts_of(outcome, start)
        if outcome.scores is not None:
            s = outcome.scores
            self.scores.append((s.month, s.sirens.tolist(), s.probabilities.tolist(), s.tiers.tolist()))
        if outcome.examples is not None:
            self.examples.append(_plain(outcome.examples))

    def seen(self) -> tuple[object, ...]:
        """Everything, to be compared with another run."""
        return self.alerts, self.scores, self.examples, state(self.chain)


def alerts_of(outcome: Outcome, start: int) -> list[Alert]:
    """The outcome's alerts as they would be sent, by way of their JSON."""
    return [
        contract.decode(
            contract.encode(alert_of(d, outcome.model, Origin("t", 0, start + d.position), RAISED_AT, "fr"))
        )
        for d in outcome.decisions
    ]


def _plain(examples: Examples) -> tuple[int, list[int], list[bool], bytes]:
    cohort = examples.cohort
    return cohort.month, cohort.sirens.tolist(), examples.labels.tolist(), cohort.codes.tobytes()
