"""What a firm's facts are, in plain Python: every event is kept, and every question goes through all of them.

Written from the description of the partners' data, not from the panel. Amounts come in hundredths, as whole numbers.
Where that description leaves several answers, these were taken:

- two values for one month (a contribution, hours used, a headcount) have no version: the greater one holds, and a
  known payment is worth more than an unknown one;
- a value for a month after the one in which it was known is an error, and is passed over;
- the firm's own headcount is preferred to the sum of its establishments.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from detectors.events import (
    Contribution,
    DebtCommission,
    Firm,
    FirmEvent,
    Headcount,
    InsolvencyProceeding,
    PartialUnemploymentRequest,
    PartialUnemploymentUse,
    PaymentDelay,
    PaymentSchedule,
)
from detectors.months import month_of

E = TypeVar("E")
SEVERITY = ("sauvegarde", "redressement", "liquidation")
WINDOW = 13


def hundredths(value: float | None) -> int:
    return 0 if value is None else round(value * 100)


def known_first(value: float | None) -> tuple[bool, int]:
    """To compare values of which some are unknown."""
    return value is not None, hundredths(value)


@dataclass
class ReferenceFirm:
    """All events of a firm, in any order, with any repetition."""

    events: list[FirmEvent] = field(default_factory=list)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    # Debts

    def debts(self) -> list[PaymentDelay]:
        """The version that holds of each debt."""
        best: dict[object, PaymentDelay] = {}
        for e in self.of(PaymentDelay):
            key = (e.siret, e.account, e.period_start, e.period_end, e.sequence)
            if key not in best or _rank_debt(e) > _rank_debt(best[key]):
                best[key] = e
        return list(best.values())

    def debt_employee(self) -> int:
        return sum(hundredths(e.employee_share) for e in self.debts())

    def debt_employer(self) -> int:
        return sum(hundredths(e.employer_share) for e in self.debts())

    def debt_disputed(self) -> int:
        return sum(_owed(e) for e in self.debts() if e.disputed)

    def mean_debt_month(self) -> float | None:
        """Mean of the last months of the periods, weighted by amount; None where the amounts sum to nothing."""
        total = sum(_owed(e) for e in self.debts())
        return sum(_owed(e) * _last_month(e) for e in self.debts()) / total if total else None

    def open_months(self) -> list[int]:
        """The last month of the period of each debt of which something is outstanding."""
        return sorted(_last_month(e) for e in self.debts() if _owed(e) > 0)

    def newest_debt(self) -> int | None:
        """The last month of the newest period ever owed, paid or not."""
        return max((_last_month(e) for e in self.debts()), default=None)

    # Contributions

    def contributions(self) -> dict[int, dict[object, Contribution]]:
        """By the last month of the period, then by account and length of the period: quarters are not months."""
        best: dict[int, dict[object, Contribution]] = defaultdict(dict)
        for e in self.of(Contribution):
            last = month_of(e.period_end) - 1
            if last > month_of(e.known_at):
                continue
            key = (e.siret, e.account, last - month_of(e.period_start))
            if key not in best[last] or _rank_contribution(e) > _rank_contribution(best[last][key]):
                best[last][key] = e
        return best

    def contribution_months(self) -> tuple[int, int] | None:
        """The first and the last month of which anything was told."""
        months = self.contributions().keys()
        return (min(months), max(months)) if months else None

    def due(self) -> dict[int, int]:
        return self._contribution_sums(lambda e: hundredths(e.due))

    def paid(self) -> dict[int, int]:
        return self._contribution_sums(lambda e: hundredths(e.paid))

    def answered(self) -> dict[int, int]:
        """What was due where the payment is known."""
        return self._contribution_sums(lambda e: 0 if e.paid is None else hundredths(e.due))

    def _contribution_sums(self, amount: Callable[[Contribution], int]) -> dict[int, int]:
        span = self.contribution_months()
        if span is None:
            return {}
        by_month = self.contributions()
        return {
            m: sum(amount(e) for e in by_month.get(m, {}).values()) for m in range(span[1] - WINDOW + 1, span[1] + 1)
        }

    # Partial unemployment

    def requests(self) -> dict[str, PartialUnemploymentRequest]:
        best: dict[str, PartialUnemploymentRequest] = {}
        for e in self.of(PartialUnemploymentRequest):
            if e.request_id not in best or _rank_request(e) > _rank_request(best[e.request_id]):
                best[e.request_id] = e
        return best

    def uses(self) -> list[PartialUnemploymentUse]:
        return [e for e in self.of(PartialUnemploymentUse) if month_of(e.month) <= month_of(e.known_at)]

    def unemployment_month(self) -> int | None:
        """The last month of which anything was told about partial unemployment."""
        months = [month_of(e.month) for e in self.uses()] + [month_of(e.known_at) for e in self.requests().values()]
        return max(months) if months else None

    def hours_used(self) -> dict[int, int]:
        """By month, under requests that count; a request of which nothing is known yet counts."""
        used: dict[tuple[str, int], int] = defaultdict(int)
        for e in self.uses():
            key = e.request_id, month_of(e.month)
            used[key] = max(used[key], hundredths(e.hours))
        requests = self.requests()
        sums = self._unemployment_window()
        for (request_id, month), hours in used.items():
            request = requests.get(request_id)
            if month in sums and (request is None or _counts(request)):
                sums[month] += hours
        return sums

    def hours_authorised(self) -> dict[int, int]:
        """By the month in which the authorisation that holds was known."""
        sums = self._unemployment_window()
        for e in self.requests().values():
            if month_of(e.known_at) in sums and _counts(e):
                sums[month_of(e.known_at)] += hundredths(e.hours)
        return sums

    def _unemployment_window(self) -> dict[int, int]:
        last = self.unemployment_month()
        return {} if last is None else dict.fromkeys(range(last - WINDOW + 1, last + 1), 0)

    def request_until(self) -> date | None:
        ends = [e.end for e in self.requests().values() if _counts(e) and e.end is not None]
        return max(ends, default=None)

    # Headcount

    def heads(self) -> tuple[int | None, int]:
        """The firm's own figure and the sum over its establishments, each the last one known."""
        best: dict[object, tuple[int, int]] = {}
        for e in self.of(Headcount):
            if month_of(e.month) <= month_of(e.known_at):
                key = None if e.siret is None else (e.siret, e.account)
                value = month_of(e.month), hundredths(e.headcount)
                best[key] = max(best.get(key, value), value)
        own = best.pop(None, None)
        return (None if own is None else own[1]), sum(heads for _, heads in best.values())

    def headcount(self) -> float | None:
        own, sites = self.heads()
        if self.heads_month() is None:
            return None
        return (sites if own is None else own) / 100

    def heads_month(self) -> int | None:
        months = [month_of(e.month) for e in self.of(Headcount) if month_of(e.month) <= month_of(e.known_at)]
        return max(months, default=None)

    # Schedules, commission, proceedings, reference data

    def schedules(self) -> list[PaymentSchedule]:
        best: dict[object, PaymentSchedule] = {}
        for e in self.of(PaymentSchedule):
            key = (e.siret, e.account, e.case_number)
            if key not in best or _rank_schedule(e) > _rank_schedule(best[key]):
                best[key] = e
        return list(best.values())

    def schedule_until(self) -> date | None:
        return max((_schedule_end(e) for e in self.schedules()), default=None)

    def schedule_amount(self) -> int:
        return sum(hundredths(e.amount) for e in self.schedules())

    def commission_day(self) -> date | None:
        return max((e.processed_on for e in self.of(DebtCommission)), default=None)

    def openings(self) -> list[InsolvencyProceeding]:
        ends = ("fin_procedure", "inclusion_autre_procedure")
        return [e for e in self.of(InsolvencyProceeding) if e.stage not in ends]

    def first_proceeding(self) -> date | None:
        return min((e.effective_on for e in self.openings()), default=None)

    def worst_action(self) -> int:
        return max((SEVERITY.index(e.action) for e in self.openings()), default=-1)

    def described(self, name: str) -> str | None:
        """The last word of reference data: it carries no date, so it is the one thing that follows arrival."""
        told = [getattr(e, name) for e in self.of(Firm) if getattr(e, name) is not None]
        return told[-1] if told else None


def by_siren(events: Iterable[FirmEvent]) -> dict[str, ReferenceFirm]:
    firms: dict[str, ReferenceFirm] = defaultdict(ReferenceFirm)
    for event in events:
        firms[event.siren].events.append(event)
    return firms


def _owed(e: PaymentDelay) -> int:
    return hundredths(e.employee_share) + hundredths(e.employer_share)


def _last_month(e: PaymentDelay) -> int:
    return month_of(e.period_end) - 1


def _rank_debt(e: PaymentDelay) -> tuple[object, ...]:
    return e.version, e.known_at, hundredths(e.employee_share), hundredths(e.employer_share), e.disputed


def _rank_contribution(e: Contribution) -> tuple[object, ...]:
    return known_first(e.paid), known_first(e.due)


def _rank_request(e: PartialUnemploymentRequest) -> tuple[object, ...]:
    return e.known_at, e.end or date.min, hundredths(e.hours), _counts(e)


def _rank_schedule(e: PaymentSchedule) -> tuple[object, ...]:
    return e.known_at, _schedule_end(e), hundredths(e.amount)


def _counts(e: PartialUnemploymentRequest) -> bool:
    return e.reason in (1, 2, 3, 4, 5)


def _schedule_end(e: PaymentSchedule) -> date:
    if e.due_on is not None:
        return e.due_on
    return e.created_on + timedelta(days=365 if e.duration_days is None else e.duration_days)
