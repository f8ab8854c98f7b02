"""Scores and partner files to what an evaluation is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from detectors.errors import UnusableInput
from detectors.evaluation.firm_months import FirmMonths, answered
from detectors.evaluation.references import scores
from detectors.evaluation.report import Alerts, Given
from detectors.months import month_text
from streams import ingest
from streams.firm_facts import Collector, FirmFacts
from streams.month_ends import MonthEnds
from streams.read_scores import months_text
from streams.report import Report


@dataclass(frozen=True)
class Judging:
    """What is judged, by which files, and how."""

    rows: FirmMonths
    paths: Sequence[Path]
    horizon: int = 18
    until: int | None = None
    """The last month of the data to use, taken as complete; None takes what the data cover."""
    alerts: Alerts | None = None
    references: bool = False


def gather(judging: Judging, report: Report, reading: ingest.IngestOptions, today: date) -> Given:
    """Read the files and put beside the scores what they tell. Raises UnusableInput where nothing can be judged."""
    collector, ends = Collector(), MonthEnds() if judging.references else None
    for run in ingest.frames(
        judging.paths, report, today=today, months=ingest.Months(None, judging.until), options=reading
    ):
        collector.add(run)
        if ends is not None:
            ends.add(run)
    failure = report.failure()
    if isinstance(failure, UnusableInput):
        raise failure
    facts = collector.facts()
    last = _last(facts, judging)
    if ends is not None:
        ends.close(last)
    rows, proceedings = judging.rows, facts.proceedings()
    return Given(
        rows=rows,
        known=facts.known(rows),
        proceedings=proceedings,
        horizon=judging.horizon,
        last=last,
        until_from="data" if judging.until is None else "option",
        alerts=judging.alerts,
        references=None if ends is None else scores(rows, ends.found, proceedings, judging.horizon),
    )


def _last(facts: FirmFacts, judging: Judging) -> int:
    """The last month that counts; some firm-month must have its answer by then."""
    covered = facts.last_month()
    if covered is None:
        raise UnusableInput("the files hold no dated event. Give the partner files that the scores were made of")
    last = covered if judging.until is None else judging.until
    if last > covered + 1:
        raise UnusableInput(
            f"--until {month_text(last)} lies after the data, which reach to {month_text(covered)}. Give an earlier "
            "month, or later files"
        )
    if not answered(judging.rows.months, judging.horizon, last).any():
        raise UnusableInput(
            f"no score has its answer yet: scores are of {months_text(judging.rows)}, and their {judging.horizon} "
            f"months have passed only for those up to {month_text(last - judging.horizon)}. Give later partner files, "
            "or a shorter --horizon"
        )
    return last
