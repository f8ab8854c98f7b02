"""How far a worker is behind: records, seconds, and when a commit last moved, by partition.

Records of vigie.events carry the day on which a fact became known, not the moment at which they were written: how long
one has been waiting cannot be read from it. So it is taken from when the end of its partition was first seen to lie
behind it.
"""

from collections import defaultdict, deque
from collections.abc import Mapping
from typing import NamedTuple

from streams.metrics import StreamMetrics

MOST_MARKS = 1_000
"""Ends remembered a partition: two looks a second for eight minutes; of a longer wait, every other one."""


class Position(NamedTuple):
    """Where a partition is: `committed` is the next offset to be worked on, `end` the one behind the last record."""

    committed: int
    end: int


class Backlog:
    """One partition's waiting records, from looks at it in order of time; seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()
        self._position = Position(-1, -1)

    def look(self, position: Position, now: float) -> bool:
        """Take a look's outcome; whether all is well: something was committed since the last one, or nothing waits."""
        moved = position.committed != self._position.committed
        if position.end > self._position.end:
            self._marks.append((now, position.end))
            if len(self._marks) > MOST_MARKS:
                self._thin()
        while self._marks and self._marks[0][1] <= position.committed:
            self._marks.popleft()
        self._position = position
        return moved or position.committed >= position.end

    def waiting_seconds(self, now: float) -> float:
        """How long the oldest record that is not committed has been seen to wait; 0 where none does."""
        return now - self._marks[0][0] if self._marks else 0.0

    def _thin(self) -> None:
        """Make one mark of two: the time of the earlier, so that no record is taken for younger than it is."""
        marks = list(self._marks)
        last = marks[len(marks) & ~1 :]
        pairs = zip(marks[::2], marks[1::2], strict=False)
        self._marks = deque([(earlier[0], later[1]) for earlier, later in pairs] + last)


class Lags:
    """Shows the partitions at hand, and no longer those that went to others.

    What was seen of a partition is kept while it is away: a group that rebalances again and again must not make its
    records look young.
    """

    def __init__(self, metrics: StreamMetrics) -> None:
        self._metrics = metrics
        self._backlogs: dict[tuple[str, int], Backlog] = defaultdict(Backlog)
        self._shown: dict[str, set[tuple[str, int]]] = defaultdict(set)

    def show(self, role: str, positions: Mapping[tuple[str, int], Position], now: float, wall: float) -> None:
        """A role's partitions, (topic, number), as they are at a look; both clocks in seconds."""
        for gone in self._shown[role] - positions.keys():
            self._metrics.forget_partition(*gone)
        self._shown[role] = {*positions}
        for partition, position in positions.items():
            backlog = self._backlogs[partition]
            labels = (partition[0], str(partition[1]))
            if backlog.look(position, now):
                self._metrics.committed.labels(*labels).set(wall)
            self._metrics.lag.labels(*labels).set(max(0, position.end - position.committed))
            self._metrics.lag_seconds.labels(*labels).set(backlog.waiting_seconds(now))
