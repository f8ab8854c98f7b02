"""Against scikit-learn, against weights as repetitions, and against a list counted by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, fbeta_score, roc_auc_score

from detectors.evaluation.ranking import Ranking, at_precision, auroc, average_precision, best, f_beta

Rows = list[tuple[int, bool, int]]

# Few distinct scores: ties are the rule.
rows: st.SearchStrategy[Rows] = st.lists(
    st.tuples(st.integers(-3, 3), st.booleans(), st.integers(0, 3)), min_size=2, max_size=40
)


def weighs(rows: Rows, label: bool) -> bool:
    return any(weight and is_yes is label for _, is_yes, weight in rows)


both = rows.filter(lambda rows: weighs(rows, True) and weighs(rows, False))


def columns(rows: Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    scores, labels, weights = zip(*rows, strict=True)
    return np.array(scores, float), np.array(labels, bool), np.array(weights, float)


@settings(max_examples=300, deadline=None)
@given(both)
def test_areas_are_those_of_scikit_learn(rows: Rows) -> None:
    scores, labels, weights = columns(rows)
    curve = Ranking(scores, labels).curve(weights)
    assert average_precision(curve) == pytest.approx(average_precision_score(labels, scores, sample_weight=weights))
    assert auroc(curve) == pytest.approx(roc_auc_score(labels, scores, sample_weight=weights))


@settings(max_examples=200, deadline=None)
@given(both, st.sampled_from([0.5, 1.0, 2.0]))
def test_the_best_cut_is_the_best_of_all_and_scikit_learn_agrees(rows: Rows, beta: float) -> None:
    scores, labels, weights = columns(rows)
    found = best(Ranking(scores, labels).curve(weights), beta)
    assert found is not None
    by_cut = {
        cut: fbeta_score(labels, scores >= cut, beta=beta, sample_weight=weights, zero_division=0)
        for cut in np.unique(scores)
    }
    assert found.f_beta == pytest.approx(max(by_cut.values()))
    assert found.f_beta == pytest.approx(by_cut[found.cut])


@settings(max_examples=200, deadline=None)
@given(both)
def test_a_weight_is_the_row_that_often(rows: Rows) -> None:
    scores, labels, weights = columns(rows)
    times = weights.astype(int)
    weighed = Ranking(scores, labels).curve(weights)
    repeated = Ranking(np.repeat(scores, times), np.repeat(labels, times)).curve()
    assert average_precision(weighed) == pytest.approx(average_precision(repeated))
    assert auroc(weighed) == pytest.approx(auroc(repeated))


@settings(max_examples=200, deadline=None)
@given(both, st.randoms())
def test_the_order_of_rows_plays_no_part(rows: Rows, random: np.random.Generator) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    scores, labels, weights = columns(rows)
    others = columns(shuffled)
    one, other = Ranking(scores, labels).curve(weights), Ranking(others[0], others[1]).curve(others[2])
    assert np.array_equal(one.hits, other.hits)
    assert np.array_equal(one.called, other.called)


@settings(max_examples=200, deadline=None)
@given(both, st.floats(0.01, 1.0))
def test_the_cut_of_a_precision_is_the_lowest_that_reaches_it(rows: Rows, precision: float) -> None:
    scores, labels, weights = columns(rows)
    found = at_precision(Ranking(scores, labels).curve(weights), precision)
    reaching = []
    for cut in np.unique(scores):
        called, hits = weights[scores >= cut].sum(), weights[(scores >= cut) & labels].sum()
        if hits and hits / called >= precision:
            reaching.append(cut)
    assert (found.cut if found else None) == (min(reaching) if reaching else None)


def test_five_rows_by_hand() -> None:
    """Scores 4, 3 and 3 together, 2, 1; yes are the first, one of the pair, and the last."""
    curve = Ranking(np.array([4.0, 3.0, 3.0, 2.0, 1.0]), np.array([True, True, False, False, True])).curve()
    assert curve.hits.tolist() == [1, 2, 2, 3]
    assert curve.called.tolist() == [1, 3, 4, 5]
    assert average_precision(curve) == pytest.approx((1 / 1 + 2 / 3 + 3 / 5) / 3)
    # Of six pairs of a yes and a no, the yes is above in three and level in one.
    assert auroc(curve) == pytest.approx(3.5 / 6)
    strong = best(curve, 0.5)
    assert strong is not None
    assert (strong.cut, strong.precision, strong.recall) == (4.0, 1.0, 1 / 3)
    assert strong.f_beta == pytest.approx(1.25 / (1 + 0.25 * 3))


def test_one_answer_alone_gives_no_figure() -> None:
    none, every = Ranking(np.ones(3), np.zeros(3, bool)).curve(), Ranking(np.ones(3), np.ones(3, bool)).curve()
    assert np.isnan([average_precision(none), auroc(none), auroc(every), f_beta(0, 3, 0, 1.0)]).all()
    assert average_precision(every) == 1.0
    assert best(none, 1.0) is None
    assert at_precision(none, 0.0) is None


def test_no_rows_give_no_figure() -> None:
    curve = Ranking(np.zeros(0), np.zeros(0, bool)).curve()
    assert np.isnan(average_precision(curve))
    assert np.isnan(auroc(curve))
