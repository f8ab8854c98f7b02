"""The same work on a batch of a partition's events, firms as rows of a numpy array.

`State` is told from `work.new_state` by its form alone: a test holds the two to the same values. Scores differ: a batch
is scored with one model, which learns from it afterwards, LEARN_TOGETHER events at a time.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import exp
from operator import mul
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import work
from detectors.arrays import with_room

FIRM = np.dtype(
    [
        ("siren", "<u4"),
        ("events", "<i4"),
        ("opened", "<i4"),
        ("offset", "<i8"),
        ("debts", "<i4", work.DEBTS),
        ("amounts", "<f8", work.DEBTS),
        ("totals", "<f8", work.TOTALS),
        ("smoothed", "<f8"),
        ("score", "<f8"),
    ]
)
"""A firm, and its changelog record. `debts` holds codes, in a ring that `opened` turns; `totals` ends with the last."""
FEATURES = 8
RATE = 0.01
"""River's own for a logistic regression."""
LEARN_TOGETHER = 50

Floats = NDArray[np.float64]
Rowwise = Floats | Sequence[Sequence[float]]
Answers = NDArray[np.bool_] | Sequence[bool]
Rows = NDArray[np.intp]
Record = tuple[bytes, bytes | None]


class Alert(NamedTuple):
    """A firm's score has crossed the threshold; `version` is the number of the event."""

    siren: str
    version: int
    score: float


class Batch(NamedTuple):
    """Records of a partition, in order."""

    keys: Sequence[bytes]
    values: Sequence[bytes]
    offsets: Sequence[int]

    @classmethod
    def of(cls, records: Sequence[Any]) -> Self:
        """Of aiokafka's records."""
        return cls([r.key for r in records], [r.value for r in records], [r.offset for r in records])


class Judge(Protocol):
    """A model that scores columns of features (n, FEATURES), and learns from one event in `work.LEARN_EVERY`."""

    def scores(self, x: Floats) -> Floats: ...  # noqa: D102 - the protocol says it
    def score(self, x: Sequence[float]) -> float: ...  # noqa: D102 - of one event
    def learn(self, x: Rowwise, answers: Answers) -> None: ...  # noqa: D102


class _Codes(dict[str, int]):
    """A debt as a number, the same in every process: month and sequence. Few are different: each is read once."""

    def __missing__(self, debt: str) -> int:
        code = (int(debt[:4]) * 12 + int(debt[5:7])) * 1_000 + int(debt[11:])
        self[debt] = code
        return code


_codes = _Codes()


def code_of(debt: str) -> int:
    """The number of a debt written as `work.update` is given it."""
    return _codes[debt]


class Columns:
    """The firms of one partition."""

    def __init__(self) -> None:
        self._rows: dict[bytes, int] = {}
        self.firms = np.zeros(1024, FIRM)
        self._raw = (self.firms, self.firms.view(np.uint8).data)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def raw(self) -> memoryview:
        """The bytes of `firms`, to be read and written: to be told an array's form, as `struct` asks, takes long."""
        if self._raw[0] is not self.firms:
            self._raw = (self.firms, self.firms.view(np.uint8).data)
        return self._raw[1]

    def places(self, keys: Sequence[bytes]) -> list[int]:
        """The row of each key, made where it is new: `firms` may be another array afterwards."""
        known = self._rows
        before = len(known)
        rows = [known.setdefault(key, len(known)) for key in keys]
        if len(known) > before:
            self.firms = with_room(self.firms, len(known))
            new = [*islice(reversed(known), len(known) - before)]
            self.firms["siren"][before : len(known)] = np.array(new[::-1]).astype(np.uint32)
            self.firms["offset"][before : len(known)] = -1
        return rows

    def rows_of(self, keys: Sequence[bytes]) -> Rows:
        """The same as an array."""
        return np.array(self.places(keys), np.intp)

    def records(self, rows: Rows) -> Iterator[Record]:
        """Changelog records of these rows."""
        firms = self.firms[rows]
        whole = firms.tobytes()
        for i, siren in enumerate(firms["siren"].tolist()):
            yield b"%d" % siren, whole[i * FIRM.itemsize : (i + 1) * FIRM.itemsize]


def load(columns: Columns, records: Iterable[Record]) -> None:
    """Put records back, oldest first."""
    kept = dict(records)
    firms = np.frombuffer(b"".join(value for value in kept.values() if value is not None), FIRM)
    rows = columns.rows_of([*kept])
    columns.firms[rows] = firms


def step(columns: Columns, judge: Judge, threshold: float, batch: Batch) -> tuple[Rows, list[Alert]]:
    """A batch of records: rows that changed, each once, and alerts. What the state has seen already is left out."""
    keys, values, offsets = batch
    rows, at = columns.rows_of(keys), np.array(offsets, np.int64)
    fresh = np.flatnonzero(at > columns.firms["offset"][rows])
    if len(fresh) < len(rows):
        rows, at, values = rows[fresh], at[fresh], [values[i] for i in fresh.tolist()]
    n = len(rows)
    if not n:
        return rows, []
    events = work.decoded(values)
    employee = np.fromiter((e.employee_share for e in events), np.float64, n)
    amounts = np.fromiter((e.employer_share for e in events), np.float64, n) + employee
    debts = np.fromiter((_codes[f"{e.period_start}:{e.sequence}"] for e in events), np.int32, n)
    by_firm = np.argsort(rows, kind="stable")
    of = rows[by_firm]
    first = np.append(True, of[1:] != of[:-1])
    x = np.empty((n, FEATURES))
    for turn in _turns(by_firm, first):
        _apply(columns.firms, rows[turn], debts[turn], amounts[turn], employee[turn], x, turn)
    last = np.append(np.flatnonzero(first)[1:] - 1, n - 1)
    changed = of[last]
    columns.firms["offset"][changed] = at[by_firm[last]]
    scores = judge.scores(x)
    ordered = scores[by_firm]
    before = np.append(0.0, ordered[:-1])
    before[first] = columns.firms["score"][of[first]]
    columns.firms["score"][changed] = ordered[last]
    crossed = by_firm[(before < threshold) & (ordered >= threshold)]
    judge.learn(x, (amounts > work.LARGE_EUROS) != (columns.firms["siren"][rows] % 11 == 0))
    return changed, [Alert(events[i].siren, events[i].version, float(scores[i])) for i in crossed.tolist()]


def _turns(by_firm: Rows, first: NDArray[np.bool_]) -> Iterator[Rows]:
    """Positions of every firm's first event, then of every firm's second, and so on."""
    starts = np.flatnonzero(first)
    ranks = np.arange(len(first)) - np.repeat(starts, np.diff(np.append(starts, len(first))))
    in_turn = by_firm[np.argsort(ranks, kind="stable")]
    yield from np.split(in_turn, np.cumsum(np.bincount(ranks))[:-1])


def _apply(
    firms: NDArray[np.void],
    rows: Rows,
    debts: NDArray[np.int32],
    amounts: Floats,
    employee: Floats,
    x: Floats,
    at: Rows,
) -> None:
    """One event each of different firms; their features go to the rows `at` of `x`."""
    held = firms[rows]
    same = held["debts"] == debts[:, None]
    known = same.any(axis=1)
    slots = np.where(known, same.argmax(axis=1), held["opened"] % work.DEBTS)
    each = np.arange(len(rows))
    held["debts"][each, slots], held["amounts"][each, slots] = debts, amounts
    held["opened"] += ~known
    total = held["amounts"].sum(axis=1)
    held["totals"][:, :-1] = held["totals"][:, 1:]
    held["totals"][:, -1] = total
    smoothed = work.SMOOTHING * total + (1 - work.SMOOTHING) * held["smoothed"]
    held["smoothed"] = smoothed = np.where(held["events"] == 0, total, smoothed)
    held["events"] += 1
    firms[rows] = held
    mean = held["totals"].sum(axis=1) / np.minimum(held["events"], work.TOTALS)
    logs = np.log1p([total, mean, smoothed, amounts])
    opened = np.minimum(held["opened"], work.DEBTS)
    x[at] = np.stack(
        [*logs[:3], held["events"], logs[3], total / (smoothed + 1.0), employee / (amounts + 1.0), opened], axis=1
    )


class _OneInSome:
    """Learns from one event in `work.LEARN_EVERY`, however batches are cut."""

    _events = 0

    def learn(self, x: Rowwise, answers: Answers) -> None:
        """Learn from those of the events whose turn it is."""
        first = work.LEARN_EVERY - 1 - self._events % work.LEARN_EVERY
        self._events += len(x)
        if first < len(x):
            self._learn(np.array(x[first :: work.LEARN_EVERY]), np.array(answers[first :: work.LEARN_EVERY]))

    def _learn(self, x: Floats, answers: NDArray[np.bool_]) -> None:
        raise NotImplementedError


class VectorJudge(_OneInSome):
    """River's StandardScaler and LogisticRegression on columns: the same formulas, some events' gradient at a time."""

    def __init__(self) -> None:
        self._seen = 0
        self._means, self._squares = np.zeros(FEATURES), np.zeros(FEATURES)
        self._deviations = np.full(FEATURES, np.inf)
        self._weights, self._intercept = np.zeros(FEATURES), 0.0
        self._slopes, self._offset = self._weights, 0.0
        """Weights and intercept for features that are not scaled."""
        self._slope_list = self._slopes.tolist()
        self._waiting: list[tuple[Floats, NDArray[np.bool_]]] = []

    def scores(self, x: Floats) -> Floats:
        """Probabilities (n,)."""
        return _logistic(x @ self._slopes + self._offset)

    def score(self, x: Sequence[float]) -> float:
        """The probability of one event."""
        return 1.0 / (1.0 + exp(min(700.0, -(sum(map(mul, x, self._slope_list)) + self._offset))))

    def _learn(self, x: Floats, answers: NDArray[np.bool_]) -> None:
        """Keep them until there are LEARN_TOGETHER; then a step of gradient descent for so many."""
        self._waiting.append((x, answers))
        if sum(len(some) for some, _ in self._waiting) < LEARN_TOGETHER:
            return
        x, answers = (np.concatenate(parts) for parts in zip(*self._waiting, strict=True))
        self._waiting.clear()
        for start in range(0, len(x), LEARN_TOGETHER):
            some = x[start : start + LEARN_TOGETHER]
            self._scale_by(some)
            scaled = self._scaled(some)
            wrong = _logistic(scaled @ self._weights + self._intercept) - answers[start : start + LEARN_TOGETHER]
            self._weights -= RATE * (wrong @ scaled)
            self._intercept -= RATE * wrong.sum()
        self._slopes = self._weights / self._deviations
        self._slope_list = self._slopes.tolist()
        self._offset = float(self._intercept - self._means @ self._slopes)

    def _scale_by(self, x: Floats) -> None:
        """Means and squared deviations of all rows so far (Chan et al., 1979)."""
        n, mean = len(x), x.mean(axis=0)
        apart, seen = mean - self._means, self._seen + n
        self._squares += ((x - mean) ** 2).sum(axis=0) + apart**2 * self._seen * n / seen
        self._means += apart * n / seen
        self._seen = seen
        self._deviations = np.sqrt(self._squares / seen)
        self._deviations[self._deviations == 0] = np.inf

    def _scaled(self, x: Floats) -> Floats:
        return (x - self._means) / self._deviations


def _logistic(of: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-of))


class RiverJudge(_OneInSome):
    """River itself, called an event at a time."""

    names = ("total", "mean", "smoothed", "events", "amount", "rise", "employee", "debts")

    def __init__(self) -> None:
        self._model = work.river_model()

    def scores(self, x: Floats) -> Floats:
        """Probabilities (n,)."""
        return np.array([self.score(row) for row in x.tolist()])

    def score(self, x: Sequence[float]) -> float:
        """The probability of one event."""
        return float(self._model.predict_proba_one(dict(zip(self.names, x, strict=True))).get(True, 0.5))

    def _learn(self, x: Floats, answers: NDArray[np.bool_]) -> None:
        """An event after the other."""
        for row, answer in zip(x.tolist(), answers.tolist(), strict=True):
            self._model.learn_one(dict(zip(self.names, row, strict=True)), answer)


def judge_of(model: str) -> Judge:
    """`columns` or `river`."""
    return RiverJudge() if model == "river" else VectorJudge()
