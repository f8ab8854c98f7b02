"""What partner files tell of firms, month by month, in columns: beside scores, to judge and to group them.

Everything here is as of the end of a month: what was known by its last day. Only a firm's sector and department are as
the register has them at the extraction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detectors.batch import DROPPED_STAGES
from detectors.evaluation import strata
from detectors.evaluation.firm_months import FirmMonths, Proceedings, first_openings
from detectors.evaluation.report import Known
from detectors.events import Contribution, Firm, Headcount, InsolvencyProceeding, PaymentDelay
from detectors.months import month_of
from streams.event_columns import SCHEMAS, EventType
from streams.frames import Frames

_EPOCH = date(1970, 1, 1).toordinal()
_SIREN = pl.col("siren").cast(pl.UInt32)


def _month(column: str) -> pl.Expr:
    day = pl.col(column)
    return (day.dt.year() * 12 + day.dt.month() - 1).cast(pl.Int32)


def _hundredths(column: str) -> pl.Expr:
    """Whole numbers: their sums do not depend on the order."""
    return (pl.col(column) * 100).round().cast(pl.Int64)


def _key(*columns: str) -> pl.Expr:
    """What tells a firm's facts of one kind apart; the firm is in it, since a SIRET may be missing."""
    return pl.struct("siren", *columns).hash()


_KEPT: Mapping[EventType, tuple[pl.Expr, ...]] = {
    InsolvencyProceeding: (_SIREN, pl.col("effective_on"), pl.col("stage")),
    Firm: (_SIREN, pl.col("department"), pl.col("activity")),
    Headcount: (
        _SIREN,
        _key("siret", "account").alias("key"),
        pl.col("siret").is_null().alias("of_firm"),
        _month("known_at").alias("month"),
        pl.col("known_at").alias("known"),
        pl.col("month").alias("version"),
        _hundredths("headcount"),
    ),
    PaymentDelay: (
        _SIREN,
        _key("siret", "account", "period_start", "period_end", "sequence").alias("key"),
        _month("known_at").alias("month"),
        pl.col("known_at").alias("known"),
        pl.col("version"),
        _hundredths("employee_share"),
        _hundredths("employer_share"),
    ),
    Contribution: (
        _SIREN,
        _key("siret", "account", "period_start", "period_end").alias("key"),
        _month("period_end").alias("month"),
        _hundredths("due"),
    ),
}
"""What is kept of each event type; `month` is the one in which it was known."""


@dataclass(frozen=True)
class FirmFacts:
    """Tables by event type, of the columns kept, in the order of the events."""

    tables: Mapping[EventType, pl.DataFrame]
    day: date | None
    """The greatest known_at; None without any."""

    def proceedings(self) -> Proceedings:
        """The first opening of each firm."""
        table = self.tables[InsolvencyProceeding]
        opening = table.filter(~pl.col("stage").is_in(list(DROPPED_STAGES)).fill_null(value=False))
        days = opening["effective_on"].cast(pl.Int32).to_numpy() + _EPOCH
        return first_openings(opening["siren"].to_numpy(), days.astype(np.int32))

    def last_month(self) -> int | None:
        """The last month that the data cover to its last day."""
        if self.day is None:
            return None
        ended = date.fromordinal(self.day.toordinal() + 1)
        return month_of(ended) - 1

    def known(self, rows: FirmMonths) -> Known:
        """What is known of each row's firm at the end of its month."""
        wanted = pl.DataFrame({"siren": rows.sirens, "month": rows.months}).with_row_index("row").sort("month")
        register = self._register(wanted)
        sections = {a: strata.section(a) for a in register["activity"].unique().to_list()}
        regions = {d: strata.region(d) for d in register["department"].unique().to_list()}
        return Known(
            headcounts=self._headcounts(wanted),
            sections=np.array([sections[a] for a in register["activity"].to_list()], str),
            regions=np.array([regions[d] for d in register["department"].to_list()], str),
            debts=self._debts(wanted),
            contributions=_column(_as_of(wanted, self._monthly_contributions()), "contribution", 0.0),
        )

    def _register(self, wanted: pl.DataFrame) -> pl.DataFrame:
        """Department and activity of the rows' firms: the last ones told."""
        firms = self.tables[Firm].group_by("siren").agg(pl.col("department", "activity").drop_nulls().last())
        return wanted.join(firms, on="siren", how="left", maintain_order="left").sort("row")

    def _headcounts(self, wanted: pl.DataFrame) -> NDArray[np.float64]:
        """The firm's own figure where there is one, else the sum of its sites; nan is unknown."""
        table = self.tables[Headcount]
        own, sites = table.filter("of_firm"), table.filter(~pl.col("of_firm"))
        of_firm = _column(_as_of(wanted, _running_sums(own, ("headcount",))), "headcount", np.nan)
        of_sites = _column(_as_of(wanted, _running_sums(sites, ("headcount",))), "headcount", np.nan)
        return np.where(np.isnan(of_firm), of_sites, of_firm)

    def _debts(self, wanted: pl.DataFrame) -> NDArray[np.float64]:
        """What is outstanding, euros; credits of one share do not hide debts of the other."""
        shares = ("employee_share", "employer_share")
        table = _as_of(wanted, _running_sums(self.tables[PaymentDelay], shares))
        return sum((np.maximum(_column(table, share, 0.0), 0.0) for share in shares), np.zeros(wanted.height))

    def _monthly_contributions(self) -> pl.DataFrame:
        """By firm and month known, the mean due a month over the last twelve, euros."""
        due = self.tables[Contribution].group_by("siren", "key", "month").agg(pl.col("due").max().fill_null(0))
        monthly = due.group_by("siren", "month").agg(pl.col("due").sum()).sort("siren", "month")
        year = monthly.rolling("month", period="12i", group_by="siren").agg(pl.col("due").sum())
        seen = (pl.col("month") - pl.col("month").min().over("siren") + 1).clip(1, 12)
        return year.select("siren", "month", contribution=pl.col("due").clip(0) / 100 / seen)


class Collector:
    """Keeps what `FirmFacts` needs of runs of events as they pass."""

    def __init__(self) -> None:
        self._parts: dict[EventType, list[pl.DataFrame]] = {event: [_empty(event)] for event in _KEPT}
        self._day: date | None = None

    def add(self, run: Frames) -> None:
        """Keep what counts of a run."""
        for event, table in run.tables.items():
            day = table["known_at"].max()
            if isinstance(day, date) and (self._day is None or day > self._day):
                self._day = day
            if event in _KEPT:
                self._parts[event].append(table.select(_KEPT[event]))

    def facts(self) -> FirmFacts:
        """All that was kept."""
        return FirmFacts({event: pl.concat(parts) for event, parts in self._parts.items()}, self._day)


def _empty(event: EventType) -> pl.DataFrame:
    return pl.DataFrame(schema=SCHEMAS[event]).select(_KEPT[event])


def _running_sums(table: pl.DataFrame, amounts: tuple[str, ...]) -> pl.DataFrame:
    """By firm and month, the sum over its keys of what each last said: the highest version known so far.

    A later version changes the sum by its difference to the one before, so that a running sum of differences is it.
    """
    ordered = table.sort("known", "version", maintain_order=True)
    standing = ordered.filter(pl.col("version") == pl.col("version").cum_max().over("key"))
    changes = standing.select(
        "siren", "month", *(pl.col(a) - pl.col(a).shift(1, fill_value=0).over("key") for a in amounts)
    )
    monthly = changes.group_by("siren", "month").agg(pl.col(a).sum() for a in amounts).sort("siren", "month")
    return monthly.with_columns(pl.col(a).cum_sum().over("siren") / 100 for a in amounts)


def _as_of(wanted: pl.DataFrame, monthly: pl.DataFrame) -> pl.DataFrame:
    """The last of `monthly` by each row's month, in the rows' own order."""
    found = wanted.join_asof(monthly.sort("month"), on="month", by="siren", check_sortedness=False)
    return found.sort("row")


def _column(table: pl.DataFrame, name: str, missing: float) -> NDArray[np.float64]:
    return table[name].cast(pl.Float64).fill_null(missing).to_numpy()
