"""Streams of events over few firms, few keys and few months, so that versions, months and requests collide."""

from datetime import date, timedelta

from hypothesis import strategies as st

from detectors.events import AnyEvent, FirmEvent
from detectors.months import first_day
from tests.detectors import making
from tests.detectors.making import site

SIRENS = ("000000007", "732829320")
START = 2016 * 12
MONTHS = 30

sirens = st.sampled_from(SIRENS)
months = st.integers(START, START + MONTHS - 1)
days = st.integers(0, MONTHS * 30).map(lambda n: first_day(START) + timedelta(days=n))
near_days = st.sampled_from([first_day(START + 5), first_day(START + 5) + timedelta(days=1), first_day(START + 9)])
accounts = st.sampled_from(["A1", "A2"])
sequences = st.sampled_from(["101", "102"])
euros = st.sampled_from([0.0, 0.01, 250.0, 3999.99, 75_000.0, -120.5])
hours = st.sampled_from([0.0, 12.34, 151.67, 4000.0, -7.0])
counts = st.sampled_from([0, 3, 9.5, 10, 40, 2500])
numbers = st.integers(1, 2)


@st.composite
def debts(draw: st.DrawFn) -> FirmEvent:
    siren, end = draw(sirens), draw(st.sampled_from([START + 2, START + 3, START + 12]))
    length = draw(st.sampled_from([1, 3, 12]))
    return making.debt(
        siren, known_at=draw(days | near_days), siret=draw(st.sampled_from([site(siren, 1), site(siren, 2), None])),
        account=draw(accounts), period_start=first_day(end - length), period_end=first_day(end),
        sequence=draw(sequences), version=draw(st.integers(0, 3)), employee_share=draw(euros),
        employer_share=draw(euros), counted_from=first_day(draw(months)), disputed=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def contributions(draw: st.DrawFn) -> FirmEvent:
    siren, month = draw(sirens), draw(months)
    # Most are known when the period has ended; a few claim to be known before.
    known_at = first_day(month + 1 - draw(st.sampled_from([0, 0, 0, 0, 1, 2, -3])))
    return making.contribution(
        siren, month=month, months=draw(st.sampled_from([1, 1, 1, 3, 12])), siret=site(siren, draw(numbers)),
        account=draw(accounts), due=draw(st.none() | euros), paid=draw(st.none() | euros), known_at=known_at,
    )  # fmt: skip


@st.composite
def schedules(draw: st.DrawFn) -> FirmEvent:
    siren, known_at = draw(sirens), draw(near_days | days)
    return making.schedule(
        siren, known_at=known_at, siret=site(siren, draw(numbers)), account=draw(st.none() | accounts),
        case_number=draw(sequences), created_on=known_at - timedelta(days=draw(st.integers(0, 40))),
        due_on=draw(st.none() | days), duration_days=draw(st.none() | st.integers(0, 2000)),
        amount=draw(st.none() | euros),
    )  # fmt: skip


@st.composite
def commissions(draw: st.DrawFn) -> FirmEvent:
    return making.commission(draw(sirens), known_at=draw(days), processed_on=draw(days))


@st.composite
def requests(draw: st.DrawFn) -> FirmEvent:
    siren, number = draw(sirens), draw(numbers)
    return making.request(
        siren, known_at=draw(near_days | days), siret=site(siren, number), request_id=f"R{number}",
        start=draw(st.none() | days), end=draw(st.none() | days), hours=draw(st.none() | hours),
        reason=draw(st.none() | st.integers(1, 7)),
    )  # fmt: skip


@st.composite
def uses(draw: st.DrawFn) -> FirmEvent:
    siren, number, month = draw(sirens), draw(numbers), draw(months)
    known_at = first_day(month + draw(st.sampled_from([1, 1, 1, 4, 0, -1])))
    return making.use(
        siren, month=month, siret=site(siren, number), request_id=f"R{number}", hours=draw(st.none() | hours),
        known_at=known_at,
    )  # fmt: skip


@st.composite
def headcounts(draw: st.DrawFn) -> FirmEvent:
    siren, month = draw(sirens), draw(months)
    own = draw(st.sampled_from([False, False, True]))
    return making.headcount(
        siren, month=month, heads=draw(counts), siret=None if own else site(siren, draw(numbers)),
        account=None if own else draw(accounts), known_at=first_day(month + draw(st.sampled_from([1, 1, 1, 5, -1]))),
    )  # fmt: skip


@st.composite
def proceedings(draw: st.DrawFn) -> FirmEvent:
    return making.proceeding(
        draw(sirens), known_at=draw(days), effective_on=draw(days),
        action=draw(st.sampled_from(["sauvegarde", "redressement", "liquidation"])),
        stage=draw(st.sampled_from([None, "ouverture", "fin_procedure", "inclusion_autre_procedure"])),
    )  # fmt: skip


@st.composite
def failures(draw: st.DrawFn) -> FirmEvent:
    """A proceeding known on the day it opens, as the partners tell it."""
    return making.proceeding(draw(sirens), known_at=making.on(draw(st.integers(START + 3, START + MONTHS))))


@st.composite
def firms(draw: st.DrawFn) -> FirmEvent:
    """Reference data that never contradict each other: any part of one truth about each firm."""
    siren = draw(sirens)
    number = SIRENS.index(siren)
    truth = {
        "name": ("Étoile & Fils", "株式会社")[number],
        "department": ("2A", "974")[number],
        "activity": ("62.01Z", "85.31Z")[number],
    }
    known = draw(st.sets(st.sampled_from(sorted(truth))))
    return making.firm(siren, active=draw(st.none() | st.booleans()), **{name: truth[name] for name in known})


firm_events: st.SearchStrategy[FirmEvent] = st.one_of(
    debts(), contributions(), schedules(), commissions(), requests(), uses(), headcounts(), proceedings(), firms()
)
event_lists = st.lists(firm_events, max_size=8) | st.lists(firm_events, min_size=25, max_size=60)


@st.composite
def streams(draw: st.DrawFn) -> list[AnyEvent]:
    """Events as a partition gets them: mostly by the day known, some late, some twice, clocks in between."""
    distress = st.one_of(debts(), debts(), contributions(), uses(), requests(), schedules(), headcounts(), firms())
    some: list[AnyEvent] = list(draw(st.lists(distress, min_size=8, max_size=45)))
    some += draw(st.lists(failures() | proceedings(), max_size=2))
    some += [making.clock(day) for day in draw(st.lists(days, max_size=3))]
    some += [making.headcount(siren, month=START, heads=40, account="A9") for siren in SIRENS]
    lateness = draw(st.lists(st.sampled_from([0, 0, 0, 0, 20, 200]), min_size=len(some), max_size=len(some)))
    order = sorted(range(len(some)), key=lambda i: (_day(some[i]).toordinal() + lateness[i], i))
    ordered = [some[i] for i in order]
    again = draw(st.lists(st.integers(0, len(ordered) - 1), max_size=3))
    for position in again:
        ordered.insert(min(position + 2, len(ordered)), ordered[position])
    return ordered


def cuts(size: int) -> st.SearchStrategy[list[int]]:
    """Where to cut a list of `size` into batches."""
    return st.lists(st.integers(0, size), max_size=6).map(sorted)


def _day(event: AnyEvent) -> date:
    return event.known_at or date(2015, 1, 1)
