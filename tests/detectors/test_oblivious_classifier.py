"""River's own checks, and what they do not ask: odd values, features without end, batches, a stream to be good at."""

import itertools
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import checks, datasets, dummy, evaluate, linear_model, metrics, preprocessing

from detectors.errors import UnusableInput
from detectors.oblivious_classifier import MOST_FEATURES, ObliviousTreesClassifier

SMALL = {"period": 12, "kept": 8, "memory": 5, "forest_trees": 4, "boosting_trees": 6}
Row = tuple[dict[str, Any], bool]


def small(**others: Any) -> ObliviousTreesClassifier:
    return ObliviousTreesClassifier(**{"seed": 1, **SMALL, **others})


def rows(count: int, seed: int = 0) -> list[Row]:
    """The answer follows from `a` and, the other way round, `b`; `c` is noise, and each is unknown now and then."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, 3))
    labels = values[:, 0] - values[:, 1] + rng.normal(size=count) > 1
    values[rng.random(values.shape) < 0.1] = np.nan
    return [(dict(zip("abc", v, strict=True)), y) for v, y in zip(values.tolist(), labels.tolist(), strict=True)]


def learned(stream: list[Row], **parameters: Any) -> ObliviousTreesClassifier:
    model = small(**parameters)
    for x, y in stream:
        model.learn_one(x, y)
    return model


def frame(stream: list[Row]) -> tuple[pd.DataFrame, pd.Series]:
    return pd.DataFrame([x for x, _ in stream]), pd.Series([y for _, y in stream], dtype=bool)


def probabilities(model: ObliviousTreesClassifier, stream: list[Row]) -> list[float]:
    return [model.predict_proba_one(x)[True] for x, _ in stream]


def all_checks() -> Iterator[Any]:
    """Each check, on each of its streams, of each set of parameters that River is to try."""
    for number, parameters in enumerate(ObliviousTreesClassifier._unit_test_params()):
        model = ObliviousTreesClassifier(**parameters)
        for check in checks.yield_checks(model):
            yield pytest.param(model, check, id=f"{number}-{check.__name__}")


@pytest.mark.parametrize(("model", "check"), list(all_checks()))
def test_rivers_checks(model: ObliviousTreesClassifier, check: Callable[[Any], None]) -> None:
    check(model.clone())


def test_none_of_them_is_left_out() -> None:
    names = {check.__name__ for check in checks.yield_checks(ObliviousTreesClassifier())}
    assert not ObliviousTreesClassifier()._unit_test_skips()
    assert {"check_learn_many_matches_learn_one", "check_predict_proba_many_matches_predict_proba_one",
            "check_bounded_memory_growth", "check_seeding_is_idempotent"} <= names  # fmt: skip
    assert len(names) >= 30


def test_it_is_better_than_what_is_trivial_and_than_a_line_where_answers_are_no_line() -> None:
    found = {
        name: evaluate.progressive_val_score(datasets.Bananas().take(1500), model, metrics.ROCAUC()).get()
        for name, model in (
            ("trees", ObliviousTreesClassifier(period=100, kept=100, memory=15, seed=1)),
            ("line", preprocessing.StandardScaler() | linear_model.LogisticRegression()),
            ("most frequent", dummy.PriorClassifier()),
        )
    }
    assert found["trees"] > 0.85
    assert max(found["line"], found["most frequent"]) < 0.6


def test_a_pipeline_learns_and_tells_probabilities_that_hold() -> None:
    """Rare answers, half of the features unknown, on one stream; log-loss beside that of the share of yes."""
    model = preprocessing.StandardScaler() | ObliviousTreesClassifier(period=200, kept=200, memory=15, seed=3)
    loss, share, yes, seen = metrics.LogLoss(), metrics.LogLoss(), 0.5, 1.0
    rng = np.random.default_rng(5)
    for _ in range(3000):
        risk = rng.random()
        y = bool(rng.random() < 0.3 * risk**3)
        x = {"risk": risk} if rng.random() < 0.5 else {"noise": rng.normal(), "risk": risk}
        loss.update(y, model.predict_proba_one(x))
        share.update(y, {True: yes / seen})
        yes, seen = yes + y, seen + 1
        model.learn_one(x, y)
    assert loss.get() < 0.93 * share.get()


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 10**6))
def test_batches_of_any_size_are_as_good_as_rows_one_by_one(sizes: list[int], seed: int) -> None:
    stream = rows(sum(sizes), seed)
    one, many, start = learned(stream), small(), 0
    for size in sizes:
        many.learn_many(*frame(stream[start : start + size]))
        start += size
    assert probabilities(one, stream) == probabilities(many, stream)
    batch = many.predict_proba_many(frame(stream)[0])
    assert batch[True].to_numpy() == pytest.approx(probabilities(one, stream), rel=1e-12)


def test_a_batch_keeps_its_index_and_may_be_empty() -> None:
    model = learned(rows(40))
    batch = frame(rows(5))[0].set_axis([7, 3, 9, 1, 5])
    assert model.predict_proba_many(batch).index.tolist() == [7, 3, 9, 1, 5]
    assert model.predict_proba_many(batch[:0]).empty
    before = pickle.dumps(model)
    model.learn_many(batch[:0], pd.Series([], dtype=bool))
    assert pickle.dumps(model) == before


def test_weights_of_batches_are_those_of_rows() -> None:
    stream = rows(60)
    weights = np.random.default_rng(0).exponential(size=60)
    one, many = small(), small()
    for (x, y), w in zip(stream, weights.tolist(), strict=True):
        one.learn_one(x, y, w=w)
    many.learn_many(*frame(stream), w=pd.Series(weights))
    assert probabilities(one, stream) == probabilities(many, stream) != probabilities(learned(stream), stream)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6))
def test_neither_scale_nor_order_of_features_shows(seed: int) -> None:
    stream = rows(80, seed)
    other = [
        ({"c": x["c"], "b": np.sinh(x["b"]), "a": 1e6 * x["a"] - 3e5}, y) for x, y in stream
    ]  # fmt: skip
    assert probabilities(learned(stream), stream) == probabilities(learned(other), other)


def test_what_is_missing_none_or_nan_is_unknown_alike() -> None:
    unknowns: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
        lambda x: {n: v for n, v in x.items() if v == v},
        lambda x: {n: v if v == v else None for n, v in x.items()},
        lambda x: x,
    ]
    found = []
    for unknown in unknowns:
        stream = [(unknown(x), y) for x, y in rows(80)]
        found.append(probabilities(learned(stream), stream))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("value", ["12", "high", [1.0], object()])
def test_what_is_no_number_is_named(value: Any) -> None:
    model = small()
    with pytest.raises(UnusableInput, match=r"feature 'b' is .*no number"):
        model.learn_one({"a": 1.0, "b": value}, True)
    with pytest.raises(UnusableInput, match="no number"):
        model.predict_proba_one({"b": value})
    with pytest.raises(UnusableInput, match="'b'"):
        model.learn_many(pd.DataFrame({"a": [1.0], "b": pd.Series([value if value != "12" else "x"], dtype=object)}),
                         pd.Series([True]))  # fmt: skip
    assert pickle.dumps(model) == pickle.dumps(small())


def test_numbers_of_any_kind_are_numbers() -> None:
    model = learned(rows(40))
    for value in (True, 3, np.float32(1), np.int8(-1), np.inf, -np.inf, 1e308):
        model.learn_one({"a": value}, True)
        assert 0 < model.predict_proba_one({"a": value, "b": None})[True] < 1


def test_features_without_end_do_not_fill_the_memory() -> None:
    model, sizes = small(), []
    stream = [({f"n{i}": 1.0, f"m{i // 3}": float(y), "a": float(y) + i % 7}, y) for i, (_, y) in enumerate(rows(600))]
    for x, y in stream:
        model.learn_one(x, y)
        sizes.append(len(pickle.dumps(model)))
    assert max(sizes[300:]) < 1.2 * max(sizes[:300])
    assert len(model._names) <= MOST_FEATURES
    # And what matters has kept its place.
    assert model.predict_proba_one({"a": 7.0})[True] > model.predict_proba_one({"a": 0.0})[True]


def test_beyond_the_most_features_new_ones_wait_for_a_place() -> None:
    model = small(memory=2)
    wide = {f"w{i:03}": float(i) for i in range(MOST_FEATURES + 9)}
    for i in range(12):
        model.learn_one(wide, i % 2 == 0)
    assert len(model._places) == MOST_FEATURES
    assert "w264" not in model._places
    # Gone from the memory and from the trees, features leave their places to others.
    for x, y in rows(300):
        model.learn_one({"late": float(y), **x}, y)
    assert {"late", "a", "b", "c"} <= set(model._places)
    assert model.predict_proba_one({"late": 1.0})[True] > model.predict_proba_one({"late": 0.0})[True]


def test_memory_is_bounded_by_its_parameters() -> None:
    sizes = [len(pickle.dumps(learned(rows(count)))) for count in (120, 480)]
    assert sizes[1] < 1.1 * sizes[0]


def test_the_rarer_answer_is_remembered_first_and_all_rows_keep_their_weight() -> None:
    stream = [(x, i % 6 == 0) for i, (x, _) in enumerate(rows(12))]
    for flipped in (False, True):
        kept = learned([(x, y != flipped) for x, y in stream])._remembered[0]
        assert (len(kept.labels), (kept.labels != flipped).sum()) == (8, 2)
        assert kept.weights[kept.labels != flipped].sum() == pytest.approx(2)
        assert kept.weights.sum() == pytest.approx(12)


def test_it_goes_on_from_a_copy_as_if_never_stored() -> None:
    stream = rows(100)
    whole, first = small(), small()
    for x, y in stream:
        whole.learn_one(x, y)
    for x, y in stream[:50]:
        first.learn_one(x, y)
    resumed = pickle.loads(pickle.dumps(first))
    for x, y in stream[50:]:
        resumed.learn_one(x, y)
    assert probabilities(whole, stream) == probabilities(resumed, stream)


def test_seeds_tell_apart_and_without_one_no_two_are_alike() -> None:
    stream = rows(120)
    found = [probabilities(learned(stream, seed=seed), stream) for seed in (1, 1, 2, 3, None, None)]
    assert found[0] == found[1]
    assert all(a != b for a, b in itertools.combinations(found[1:], 2))


def test_one_answer_alone_teaches_its_share() -> None:
    model = learned([(x, False) for x, _ in rows(60)])
    assert model.predict_proba_one({"a": 1.0})[True] == pytest.approx(0.5 / 61)
    assert model.predict_one({}) is False


@pytest.mark.parametrize(("name", "value"), [
    ("period", 0), ("kept", 1), ("memory", 0), ("forest_trees", 1), ("boosting_trees", 0), ("features_a_tree", 0.0),
    ("features_a_tree", 1.1), ("step", 0.0), ("ridge", -1.0), ("ridge", float("nan")),
])  # fmt: skip
def test_parameters_out_of_range_are_named(name: str, value: float) -> None:
    with pytest.raises(UnusableInput, match=f"{name} is {value}"):
        ObliviousTreesClassifier(**{name: value})  # type: ignore[arg-type]  # one type for all of them
