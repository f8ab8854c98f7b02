"""The reduced work in columns: what the plain program comes to, wherever batches are cut."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.peers import columns, events, states, work
from benchmarks.peers.columns import Batch, Columns, Judge, RiverJudge, VectorJudge

PARTITIONS = 1
SENT = events.sent(3_000, 60, PARTITIONS)
"""Fifty events a firm, so that every firm has had more debts than are remembered."""


def some(of: slice) -> Batch:
    """Some of SENT, each with its number for an offset."""
    return Batch(SENT.keys[of], SENT.values[of], range(len(SENT))[of])


def worked(cuts: list[int], judge: Judge | None = None, threshold: float = 0.8) -> tuple[Columns, list[columns.Alert]]:
    firms, judge, alerts = Columns(), judge or VectorJudge(), list[columns.Alert]()
    edges = [0, *sorted(cuts), len(SENT)]
    for start, end in pairwise(edges):
        alerts += columns.step(firms, judge, threshold, some(slice(start, end)))[1]
    return firms, alerts


def found(firms: Columns) -> dict[str, states.Firm]:
    return {str(row["siren"]): states.of_row(row) for row in firms.firms[: len(firms)]}


REFERENCE = states.reference(work.reference(SENT))


@given(st.lists(st.integers(0, len(SENT)), max_size=6))
def test_states_are_the_reference_s_wherever_batches_are_cut(cuts: list[int]) -> None:
    assert found(worked(cuts)[0]) == REFERENCE


@given(st.integers(0, 2_000), st.integers(0, 1_000))
def test_what_is_delivered_again_counts_once(start: int, length: int) -> None:
    firms = worked([])[0]
    changed, alerts = columns.step(firms, VectorJudge(), 0.8, some(slice(start, start + length)))
    assert (len(changed), alerts) == (0, [])
    assert found(firms) == REFERENCE


def test_records_put_back_are_the_same_firms() -> None:
    firms = worked([1_000])[0]
    rows = np.arange(len(firms))
    back = Columns()
    columns.load(back, [*firms.records(rows[:40]), *firms.records(rows[20:])])
    assert dict(back.records(np.arange(len(back)))) == dict(firms.records(rows))


def test_river_called_on_columns_is_river_called_an_event_at_a_time() -> None:
    """Batches of as many events as are learned from one by one: then the two see the same model."""
    cuts = list(range(work.LEARN_EVERY, len(SENT), work.LEARN_EVERY))
    alerts = worked(cuts, RiverJudge(), 0.6)[1]
    judge, plain, by_event = work.Judge(0.6), dict[str, work.State](), list[int]()
    for event in work.decoded(SENT.values):
        state = plain.setdefault(event.siren, work.new_state())
        amount = event.employer_share + event.employee_share
        work.update(state, f"{event.period_start}:{event.sequence}", amount)
        if judge.crosses(state, event.siren, amount, event.employee_share):
            by_event.append(event.version)
    assert len(by_event) > 10
    assert sorted(alert.version for alert in alerts) == by_event


@pytest.mark.parametrize("judge", [VectorJudge, RiverJudge])
def test_one_event_has_the_score_that_it_has_among_many(judge: type[VectorJudge | RiverJudge]) -> None:
    of = judge()
    x = np.random.default_rng(7).normal(size=(2_000, columns.FEATURES)) * 3
    of.learn(x, x[:, 0] > 0)
    scores = of.scores(x[:50])
    assert [of.score(row) for row in x[:50].tolist()] == pytest.approx(scores.tolist(), rel=1e-12)
    assert np.ptp(scores) > 0.1


@pytest.mark.parametrize("judge", [VectorJudge, RiverJudge])
def test_a_model_learns_from_the_same_events_however_they_are_cut(
    judge: type[VectorJudge | RiverJudge], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "LEARN_TOGETHER", 1)
    dice = np.random.default_rng(4)
    x, answers = dice.normal(5.0, 3.0, (100, columns.FEATURES)), dice.random(100) < 0.5
    whole, cut = judge(), judge()
    whole.learn(x, answers)
    for start, end in pairwise([0, 3, 9, 10, 11, 40, 99, 100]):
        cut.learn(x[start:end], answers[start:end])
    assert whole.scores(x).std() > 0.01
    np.testing.assert_allclose(cut.scores(x), whole.scores(x), rtol=1e-9)


def test_the_vector_judge_learns_as_river_does_from_one_event_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "LEARN_TOGETHER", 1)
    monkeypatch.setattr(work, "LEARN_EVERY", 1)
    dice = np.random.default_rng(3)
    x, answers = dice.normal(5.0, 3.0, (200, columns.FEATURES)), dice.random(200) < 0.5
    river, vector = RiverJudge(), VectorJudge()
    river.learn(x, answers)
    vector.learn(x, answers)
    np.testing.assert_allclose(vector.scores(x), river.scores(x), rtol=1e-9)
