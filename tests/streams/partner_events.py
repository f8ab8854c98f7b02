"""Strategies: events as each kind of partner file can tell them."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from detectors.events import (
    Contribution,
    DebtCommission,
    Firm,
    Headcount,
    InsolvencyProceeding,
    PartialUnemploymentRequest,
    PartialUnemploymentUse,
    PaymentDelay,
    PaymentSchedule,
)
from detectors.months import first_day, month_of
from streams.partners.debit import counted_from

FIRST, LAST = date(1980, 1, 1), date(2025, 12, 31)

sirens = st.text("0123456789", min_size=9, max_size=9)
sirets = st.text("0123456789", min_size=14, max_size=14)
days = st.dates(FIRST, LAST)
months = days.map(lambda day: day.replace(day=1))
counts = st.integers(0, 10**9) | st.integers(0, 10**6).map(lambda n: n + 0.5)
euros = st.integers(-(10**14), 10**14).map(lambda cents: cents / 100)
hours = st.integers(-(10**11), 10**11).map(lambda hundredths: hundredths / 100)
whole = st.integers(0, 10**9)


def texts(longest: int, forbidden: str) -> st.SearchStrategy[str]:
    """Texts that are not empty and have no blank at an end."""
    characters = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters=forbidden)
    return st.text(characters, min_size=1, max_size=longest).map(str.strip).filter(bool)


plain = texts(64, ';"')
quoted = texts(64, "")
short = texts(16, "")
periods = st.one_of(
    months.map(lambda start: (start, first_day(month_of(start) + 1))),
    months.map(lambda start: first_day(month_of(start) // 3 * 3)).map(
        lambda start: (start, first_day(month_of(start) + 3))
    ),
    st.integers(1980, 2025).map(lambda year: (date(year, 1, 1), date(year + 1, 1, 1))),
)
departments = st.sampled_from(["01", "2A", "2B", "75", "95", "971", "974", "987"])


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The values, or None."""
    return st.none() | values


@st.composite
def debits(draw: st.DrawFn) -> PaymentDelay:
    siren, siret = _firm(draw)
    start, end = draw(periods)
    known_at = draw(days)
    return PaymentDelay(
        siren=siren, siret=siret, known_at=known_at, account=draw(plain), period_start=start, period_end=end,
        sequence=draw(plain), version=draw(whole), employee_share=draw(euros), employer_share=draw(euros),
        counted_from=counted_from(known_at), account_state=draw(maybe(whole)), proceeding_code=draw(maybe(plain)),
        operation_code=draw(maybe(plain)), reason_code=draw(maybe(plain)), disputed=draw(maybe(st.booleans())),
    )  # fmt: skip


@st.composite
def cotisations(draw: st.DrawFn) -> Contribution:
    siret = draw(sirets)
    start, end = draw(periods)
    return Contribution(
        siren=siret[:9], siret=siret, known_at=end, account=draw(plain), period_start=start, period_end=end,
        due=draw(maybe(euros)), paid=draw(maybe(euros)),
    )  # fmt: skip


@st.composite
def delais(draw: st.DrawFn) -> PaymentSchedule:
    siret, created_on = draw(sirets), draw(days)
    return PaymentSchedule(
        siren=siret[:9], siret=siret, known_at=created_on, account=draw(maybe(plain)), case_number=draw(plain),
        created_on=created_on, due_on=draw(maybe(st.dates(FIRST))), duration_days=draw(maybe(whole)),
        amount=draw(maybe(euros)), stage=draw(maybe(plain)), action=draw(maybe(plain)),
    )  # fmt: skip


@st.composite
def ccsfs(draw: st.DrawFn) -> DebtCommission:
    siret, processed_on = draw(sirets), draw(days)
    return DebtCommission(
        siren=siret[:9], siret=siret, known_at=processed_on, account=draw(maybe(plain)), processed_on=processed_on,
        stage=draw(maybe(plain)), action=draw(maybe(plain)),
    )  # fmt: skip


@st.composite
def procols(draw: st.DrawFn) -> InsolvencyProceeding:
    siren, siret = _firm(draw)
    effective_on = draw(days)
    return InsolvencyProceeding(
        siren=siren, siret=siret, known_at=effective_on, effective_on=effective_on,
        action=draw(st.sampled_from(["liquidation", "redressement", "sauvegarde"])),
        stage=draw(maybe(st.text("abcé _", min_size=1).map(str.strip).filter(bool) | st.just("plan_sauvegarde"))),
    )  # fmt: skip


@st.composite
def apdemandes(draw: st.DrawFn) -> PartialUnemploymentRequest:
    siret = draw(sirets)
    return PartialUnemploymentRequest(
        siren=siret[:9], siret=siret, known_at=draw(days), request_id=draw(quoted), firm_headcount=draw(maybe(counts)),
        headcount=draw(maybe(counts)), start=draw(maybe(days)), end=draw(maybe(st.dates(FIRST))),
        hours=draw(maybe(hours)), amount=draw(maybe(euros)), authorised_headcount=draw(maybe(counts)),
        reason=draw(maybe(st.integers(1, 7))), scope=draw(maybe(quoted)), hours_used=draw(maybe(hours)),
        headcount_used=draw(maybe(counts)), amount_used=draw(maybe(euros)),
    )  # fmt: skip


@st.composite
def apconsos(draw: st.DrawFn) -> PartialUnemploymentUse:
    siret, month = draw(sirets), draw(months)
    return PartialUnemploymentUse(
        siren=siret[:9], siret=siret, known_at=first_day(month_of(month) + 1), request_id=draw(quoted), month=month,
        hours=draw(maybe(hours)), amount=draw(maybe(euros)), headcount=draw(maybe(counts)),
    )  # fmt: skip


@st.composite
def effectifs(draw: st.DrawFn) -> Headcount:
    siret, month = draw(sirets), draw(months)
    return Headcount(
        siren=siret[:9], siret=siret, known_at=first_day(month_of(month) + 1), account=draw(maybe(plain)), month=month,
        headcount=draw(counts),
    )  # fmt: skip


@st.composite
def effectif_ents(draw: st.DrawFn) -> Headcount:
    month = draw(months)
    return Headcount(
        siren=draw(sirens), siret=None, known_at=first_day(month_of(month) + 1), account=None, month=month,
        headcount=draw(counts),
    )  # fmt: skip


@st.composite
def sirenes(draw: st.DrawFn) -> Firm:
    return Firm(
        siren=draw(sirens), siret=draw(maybe(sirets)), known_at=None, name=None, department=draw(maybe(departments)),
        activity=draw(maybe(short)), active=draw(maybe(st.booleans())), legal_form=None,
    )  # fmt: skip


@st.composite
def sirene_uls(draw: st.DrawFn) -> Firm:
    return Firm(
        siren=draw(sirens), siret=None, known_at=None, name=draw(maybe(texts(256, ""))), department=None,
        activity=draw(maybe(short)), active=draw(maybe(st.booleans())), legal_form=draw(maybe(short)),
    )  # fmt: skip


def _firm(draw: st.DrawFn) -> tuple[str, str | None]:
    """A firm and its establishment, which the file may not know."""
    siret = draw(sirets)
    return siret[:9], draw(st.sampled_from([siret, None]))


EVENTS: dict[str, st.SearchStrategy[Any]] = {
    "debit": debits(),
    "cotisation": cotisations(),
    "delai": delais(),
    "ccsf": ccsfs(),
    "procol": procols(),
    "apdemande": apdemandes(),
    "apconso": apconsos(),
    "effectif": effectifs(),
    "effectif_ent": effectif_ents(),
    "sirene": sirenes(),
    "sirene_ul": sirene_uls(),
}
