from streams.pace import paced


class Time:
    """A clock that only sleeping, and the work said, moves on."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_items_come_at_the_rate() -> None:
    time = Time()
    seen = [(item, time.now) for item in paced("abc", 4, time.clock, time.sleep)]
    assert seen == [("a", 100.0), ("b", 100.25), ("c", 100.5)]


def test_what_is_late_catches_up_without_a_pause() -> None:
    time = Time()
    for _ in paced(range(5), 10, time.clock, time.sleep):
        if not time.slept:
            time.now += 0.35
            time.slept.append(0)
    assert [round(seconds, 6) for seconds in time.slept] == [0, 0.05]
