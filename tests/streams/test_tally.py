from streams.report import FileReport, Report
from streams.tally import Tally
from tests.streams.running_frames import frames_of
from tests.streams.test_send import FIRM


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_reading_then_sending() -> None:
    clock, report = Clock(), Report()
    tally = Tally(report, clock)
    assert tally.line() == "reading: 0 files, 0 rows, 0 rows/s"
    report.files += [FileReport("a", rows=3_000, events=1_500), FileReport("b", rows=1_000, events=700, outside=200)]
    clock.now += 2
    assert tally.line() == "reading: 2 files, 4,000 rows, 2,000 rows/s"
    events = tally.counted([FIRM] * 2_001)
    next(events)
    clock.now += 5
    for _ in range(499):
        next(events)
    assert tally.line() == "sending:  25% of 2,000 events, 100 events/s, 0:15 left"
    clock.now += 7_195
    assert tally.line().endswith("6:00:00 left")
    # The clock events among them are sent as well.
    assert len(list(events)) == 1_501
    assert tally.sent == 2_001
    assert tally.line().startswith("sending: 100% of 2,000")
    assert tally.seconds == 7_202


def test_events_in_columns_count_as_many() -> None:
    clock, report = Clock(), Report([FileReport("a", rows=4, events=4)])
    tally = Tally(report, clock)
    runs = tally.counted_runs([frames_of([FIRM]), frames_of([FIRM, FIRM, FIRM])])
    next(runs)
    clock.now += 1
    assert tally.line() == "sending:  25% of 4 events, 1 events/s, 0:03 left"
    assert [len(run) for run in runs] == [3]
    assert tally.sent == 4
