"""State as records: what is written is what is read, and nothing old wins over anything new."""

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import pack
from detectors.chain import Chain
from detectors.events import AnyEvent, FirmEvent
from detectors.features import names
from detectors.labels import PART_ROWS, Cohort
from detectors.pack import Record, UnreadableState
from tests.detectors.applying import applied, facts
from tests.detectors.making import JANUARY, SIREN, clock, contribution, debt, firm, headcount, on, request, site, use
from tests.detectors.running import Run, new_chain, state
from tests.detectors.strategies import cuts, event_lists, streams


def loaded(records: list[Record]) -> Chain:
    chain = new_chain()
    pack.load(chain, records)
    return chain


@settings(max_examples=40, deadline=None)
@given(event_lists, st.integers(0, 10**6))
def test_records_come_back_to_the_last_byte(events: list[FirmEvent], seed: int) -> None:
    records = list(facts(applied(events)).items())
    random.Random(seed).shuffle(records)
    assert facts(loaded(records).panel) == dict(records)


@settings(max_examples=15, deadline=None)
@given(event_lists, event_lists)
def test_a_loaded_state_goes_on_as_the_one_that_was_kept(before: list[FirmEvent], after: list[FirmEvent]) -> None:
    """Everything that matters is in the records: what follows is the same."""
    whole = Run().take_all([*before, *after])
    first = Run().take_all(before)
    second = Run(loaded(list(state(first.chain).items()))).take(after, len(before))
    assert [*first.alerts, *second.alerts] == whole.alerts
    assert [*first.scores, *second.scores] == whole.scores
    assert state(second.chain) == state(whole.chain)


@settings(max_examples=25, deadline=None)
@given(st.data(), streams())
def test_old_and_new_records_in_any_order_give_the_newest(data: st.DataObject, events: list[AnyEvent]) -> None:
    """All records of a firm's life, shuffled and loaded in pieces, as after a worker that came back from the dead."""
    history: list[Record] = []
    run = Run()
    for start in range(0, len(events), 5):
        run.take(events[start : start + 5], start)
        history += [(key, value) for key, value in state(run.chain).items() if not key.startswith(b"~")]
    newest = {key: value for key, value in state(run.chain).items() if not key.startswith(b"~")}
    random.Random(data.draw(st.integers(0, 10**6))).shuffle(history)
    chain = new_chain()
    edges = [0, *data.draw(cuts(len(history))), len(history)]
    for start, end in pairwise(edges):
        pack.load(chain, history[start:end])
    assert facts(chain.panel) == newest


def test_of_records_alike_in_offset_and_month_the_last_one_written_holds() -> None:
    """Replay has no offsets: order is all there is."""
    old, new = (list(facts(applied([debt(employee_share=x)])).items()) for x in (1.0, 2.0))
    for chain in (loaded([*old, *new]), loaded(old)):
        pack.load(chain, new)
        assert chain.panel.firms["debt_employee"][0] == 200


def test_a_firm_with_hundreds_of_everything_and_a_firm_with_nothing() -> None:
    many: list[FirmEvent] = []
    for n in range(300):
        many += [
            debt(sequence=str(n), employee_share=float(n)),
            contribution(account=f"A{n}", month=JANUARY + n % 20, due=float(n)),
            headcount(siret=site(SIREN, n), heads=n),
            request(request_id=f"R{n}", hours=float(n)),
            use(request_id=f"R{n}", month=JANUARY + n % 15, hours=float(n)),
        ]
    events = [firm("000000001", name="Rien"), *many, firm("999999999")]
    records = facts(applied(events))
    again = loaded(list(records.items())).panel
    assert facts(again) == records
    assert [len(ledger) for ledger in again.ledgers] == [300, 300, 300, 300, 0]
    assert again.firms["debt_employee"].max() == sum(range(300)) * 100
    # What is empty costs nothing: a firm known by its name alone is a few bytes.
    assert len(records[b"000000001"] or b"") < 80


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=256))
def test_any_name_comes_back(name: str) -> None:
    panel = applied([firm(name=name), debt()])
    again = loaded(list(facts(panel).items())).panel
    assert again.names == panel.names
    assert facts(again) == facts(panel)


def test_a_cohort_comes_back_in_parts_and_is_answered_whole() -> None:
    rng = np.random.default_rng(4)
    size = 2 * PART_ROWS + 7
    cohort = Cohort(
        JANUARY,
        np.arange(size, dtype=np.uint32),
        rng.integers(0, 256, (size, len(names()))).astype(np.uint8),
        np.where(rng.random((size, 5)) < 0.2, np.nan, rng.normal(size=(size, 5))).astype(np.float32),
        rng.normal(size=size),
    )
    records = list(pack.cohort_records(cohort))
    assert len(records) == 3
    chain = loaded(records[::-1])
    parts = [chain.pending[JANUARY][k] for k in sorted(chain.pending[JANUARY])]
    for field in ("sirens", "codes", "members", "logits"):
        assert np.concatenate([getattr(p, field) for p in parts]).tobytes() == getattr(cohort, field).tobytes()
    taken = list(pack.answered_records(JANUARY, sorted(chain.pending[JANUARY])))
    assert [key for key, _ in taken] == [key for key, _ in records]
    assert all(value is None for _, value in taken)
    pack.load(chain, taken)
    assert not chain.pending[JANUARY]


def test_taking_away_what_was_never_there_does_nothing() -> None:
    chain = loaded([(b"~cohort|24216|0", None), (SIREN.encode(), None)])
    assert len(chain.panel) == 0
    assert not any(chain.pending.values())


def test_a_taken_away_cohort_is_not_answered() -> None:
    run = Run().take_all([headcount(), clock(on(JANUARY + 2, 1))])
    (waiting,) = (parts[0] for month, parts in run.chain.pending.items() if month == JANUARY + 1)
    kept = [*state(run.chain).items(), *pack.answered_records(waiting.month, run.chain.pending[waiting.month])]
    resumed = Run(loaded(kept)).take([clock(on(JANUARY + 5, 1))], 2)
    assert resumed.examples == []
    assert [month for month, *_ in resumed.scores] == [JANUARY + 2, JANUARY + 3, JANUARY + 4]


def test_a_firm_is_taken_out_of_the_cohorts_that_hold_it_and_of_nothing_else() -> None:
    n, width = PART_ROWS + 5, len(names())
    sirens, codes = np.arange(1, n + 1, dtype=np.uint32), np.arange(n * width, dtype=np.uint8).reshape(n, width)
    cohort = Cohort(24217, sirens, codes, np.zeros((n, 5), np.float32), np.arange(n, dtype=np.float64))
    gone = int(sirens[7])
    records = [*pack.cohort_records(cohort), (b"%09d" % gone, b"anything"), (b"~cohort|1|0", None)]
    after = [(key, pack.without(key, value, gone)) for key, value in records]
    assert [new is old for (_, new), (_, old) in zip(after, records, strict=True)] == [False, True, True, True]
    parts = loaded(after[:2]).pending[24217]
    for field in ("sirens", "codes", "members", "logits"):
        left = np.delete(getattr(cohort, field), 7, axis=0)
        assert np.concatenate([getattr(part, field) for part in parts.values()]).tobytes() == left.tobytes()


def test_the_time_goes_forward_whatever_the_order() -> None:
    early, late = (Run().take_all([headcount(), clock(on(JANUARY + k, 2))]).chain for k in (1, 5))
    for records in ([early, late], [late, early]):
        chain = loaded([pack.clock_record(c.time) for c in records])
        assert pack.clock_record(chain.time) == pack.clock_record(late.time)


@pytest.mark.parametrize("key", [b"732829320", b"~cohort|24217|0", b"~clock"])
def test_a_record_of_another_format_is_refused(key: bytes) -> None:
    records = state(Run().take_all([headcount(), clock(on(JANUARY + 2, 1))]).chain)
    value = records[key]
    assert value is not None
    other = value.replace(b'"format":%d' % pack.FORMAT, b'"format":9') if key == b"~clock" else bytes([9]) + value[1:]
    assert other != value
    with pytest.raises(UnreadableState, match="has format 9, this version of Vigie reads formats") as refusal:
        loaded([(key, other)])
    assert key.decode() in str(refusal.value)
    assert not refusal.value.retriable


def test_records_of_no_firms() -> None:
    chain = new_chain()
    assert list(pack.firm_records(chain.panel, np.zeros(0, np.intp))) == []
    pack.load(chain, [])
    assert len(chain.panel) == 0
