from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from alerts.alert import Alert, encode
from detectors.events import AnyEvent
from detectors.learning import Learner
from detectors.models import Model
from detectors.months import month_of
from detectors.outcome import Scores
from streams import ingest, replay, seed
from streams.frames import Frames
from streams.replay import Replay, ReplayOptions
from streams.report import Report
from streams.simulate import World, simulate

RAISED_AT = datetime(2026, 1, 1, tzinfo=UTC)
TODAY = date(2026, 1, 1)


class Noted:
    """Takes all that comes out, in order."""

    def __init__(self) -> None:
        self.months: list[tuple[int, str]] = []
        self.rows: list[tuple[int, int, float, int]] = []
        self.alerts: list[Alert] = []

    def scores(self, scores: Scores, model_version: str) -> None:
        self.months.append((scores.month, model_version))
        columns = (scores.sirens.tolist(), scores.probabilities.tolist(), scores.tiers.tolist())
        self.rows += [(scores.month, *row) for row in zip(*columns, strict=True)]

    def alert(self, alert: Alert) -> None:
        self.alerts.append(alert)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Frames]:
    folder = tmp_path_factory.mktemp("world")
    simulate(folder, World(firms=80, months=26, clean=True), 6)
    return list(ingest.frames([folder], Report(), today=TODAY))


@pytest.fixture(scope="module")
def events(runs: list[Frames]) -> list[AnyEvent]:
    return list(ingest.structs(runs))


def ran(events: list[AnyEvent], model: Model | None = None, *, frozen: bool = False) -> tuple[Replay, Noted]:
    noted = Noted()
    run = Replay(ReplayOptions(model=model, frozen=frozen), noted, RAISED_AT)
    summary = run.run_events(events)
    assert summary.events == len(events)
    assert (summary.month_ends, summary.scores, summary.alerts) == (
        len(noted.months),
        len(noted.rows),
        len(noted.alerts),
    )
    return run, noted


@pytest.fixture(scope="module")
def whole(events: list[AnyEvent]) -> tuple[Replay, Noted]:
    """What comes of all events; nobody goes on with it."""
    return ran(events)


@pytest.fixture(scope="module")
def frozen(events: list[AnyEvent]) -> tuple[Replay, Noted]:
    """The same with a model that does not learn."""
    return ran(events, frozen=True)


def test_a_month_is_scored_before_what_it_answers_is_learned(whole: tuple[Replay, Noted]) -> None:
    run, noted = whole
    assert run.summary.learned > 100
    months = [month for month, _ in noted.months]
    assert months == list(range(months[0], months[0] + len(months)))
    for month, version in noted.months:
        # A version is named after the month whose end answered it.
        assert version == "prior-2" or version[:7] < f"{month // 12}-{month % 12 + 1:02d}"
    assert noted.months[-1][1] != "prior-2"
    assert run.model.last_cohort == months[-1] - 18


def test_frozen_it_keeps_to_its_model(frozen: tuple[Replay, Noted]) -> None:
    run, noted = frozen
    assert run.summary.learned == 0
    assert {version for _, version in noted.months} == {"prior-2"}
    assert {alert.model_version for alert in noted.alerts} == {"prior-2"}
    assert run.model.version == "prior-2"


@pytest.mark.parametrize("learning", ["frozen", "whole"])
@pytest.mark.parametrize("size", [37, 500_000])
def test_columns_and_structs_come_to_the_same(
    runs: list[Frames],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    size: int,
    learning: str,
    request: pytest.FixtureRequest,
) -> None:
    """Scores, alerts, model and state, byte for byte."""
    of_structs, expected = request.getfixturevalue(learning)
    monkeypatch.setattr(replay, "BATCH_EVENTS", size)
    noted = Noted()
    of_columns = Replay(ReplayOptions(frozen=learning == "frozen"), noted, RAISED_AT)
    assert of_columns.run(runs) == of_structs.summary
    assert len(noted.alerts) > 50
    assert list(map(encode, noted.alerts)) == list(map(encode, expected.alerts))
    assert (noted.rows, noted.months) == (expected.rows, expected.months)
    for name, run in (("columns", of_columns), ("structs", of_structs)):
        seed.write(run.chain, run.model, tmp_path / name)
    for file in (seed.STATE_NAME, seed.MODEL_NAME):
        assert (tmp_path / "columns" / file).read_bytes() == (tmp_path / "structs" / file).read_bytes()


@pytest.mark.parametrize("size", [23, 1000])
def test_where_the_events_are_cut_changes_nothing(
    events: list[AnyEvent], whole: tuple[Replay, Noted], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    run, expected = whole
    monkeypatch.setattr(replay, "BATCH_EVENTS", size)
    cut, found = ran(events)
    assert found.alerts == expected.alerts
    assert (found.rows, found.months) == (expected.rows, expected.months)
    assert cut.model == run.model


def test_an_alert_names_the_event_behind_it(events: list[AnyEvent], frozen: tuple[Replay, Noted]) -> None:
    _, noted = frozen
    assert {alert.raised_at for alert in noted.alerts} == {RAISED_AT}
    for alert in noted.alerts:
        assert (alert.source.topic, alert.source.partition) == ("replay", 0)
        event = events[alert.source.offset]
        assert event.known_at is not None
        if alert.causes[0]["type"] == "clock":
            assert month_of(event.known_at) > month_of(alert.as_of)
        else:
            assert alert.as_of == event.known_at
            assert alert.siren == event.siren  # type: ignore[union-attr]  # a clock has no alerts but a month's


def test_it_goes_on_from_a_model_that_has_learned_some_of_it(
    events: list[AnyEvent], whole: tuple[Replay, Noted]
) -> None:
    """What the model has learned is not learned again: the end is as if nothing had come in between."""
    run, _ = whole
    middle = next(i for i, e in enumerate(events) if e.known_at is not None and e.known_at > date(2019, 11, 1))
    first, _ = ran(events[:middle])
    assert 0 < first.model.last_cohort < run.model.last_cohort
    second, _ = ran(events, first.resumable())
    assert second.model == run.model
    assert Learner(second.resumable()).examples == Learner(run.resumable()).examples
    assert first.summary.learned + second.summary.learned == run.summary.learned


def test_the_reader_s_language(events: list[AnyEvent]) -> None:
    noted = Noted()
    Replay(ReplayOptions(language="en", frozen=True), noted, RAISED_AT).run_events(events)
    assert "risk" in noted.alerts[0].reasons[0]


def test_no_event_at_all() -> None:
    run, noted = ran([])
    assert (noted.rows, noted.alerts, run.model.version) == ([], [], "prior-2")
