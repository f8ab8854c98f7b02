"""What waits to be carried to one partition, in order."""

from collections import deque
from collections.abc import Callable
from typing import Any

from streams.packing import Batch, Packing
from streams.wire import Record


class Lane:
    """Full batches, oldest first, and behind them the one that is being filled. Its owner guards it with a lock."""

    def __init__(self, partition: int, create: Callable[[], Any]) -> None:
        """`create` is a producer's `create_batch`."""
        self.partition = partition
        self._packing = Packing(create)
        self._full: deque[Batch] = deque()
        self._opened = 0.0

    def add(self, record: Record, now: float) -> bool:
        """Take a record; whether the lane's carrier should look: a batch was begun, or is full."""
        begun = bool(self._packing)
        full = self._packing.add(record.key, record.value, record.timestamp_ms, record.headers)
        if full is not None:
            self._full.append(full)
        if begun and full is None:
            return False
        self._opened = now
        return True

    def wait(self, now: float, linger_s: float) -> float | None:
        """Seconds until the next batch should leave, 0 for now, None where there is nothing."""
        if self._full:
            return 0.0
        if not self._packing:
            return None
        return max(0.0, self._opened + linger_s - now)

    def take(self) -> Batch:
        """The next batch; there must be one."""
        batch = self._full.popleft() if self._full else self._packing.rest()
        assert batch is not None, "nothing waits"
        return batch
