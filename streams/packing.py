"""Records packed into whole producer batches, each atomic in its partition's log."""

from collections.abc import Callable
from typing import Any, NamedTuple

Header = tuple[str, bytes]


class Batch(NamedTuple):
    """Records of one partition that travel together."""

    builder: Any
    """aiokafka's, for the producer's `send_batch`."""
    first_key: bytes | None

    @property
    def records(self) -> int:
        """How many."""
        return int(self.builder.record_count())


class Packing:
    """Fills one batch after another. `create` is a producer's `create_batch`, which no event loop is needed for."""

    def __init__(self, create: Callable[[], Any]) -> None:
        self._create = create
        self._open: Batch | None = None

    def __bool__(self) -> bool:
        """Whether a batch is begun."""
        return self._open is not None

    def add(
        self,
        key: bytes | None,
        value: bytes | None,
        timestamp_ms: int | None = None,
        headers: list[Header] | None = None,
    ) -> Batch | None:
        """Take a record; the batch before it, where that had no more room. Without a timestamp it is of now.

        A batch takes its first record whatever its size, so one larger than a batch goes alone.
        """
        full = None
        if self._open is not None:
            if self._open.builder.append(key=key, value=value, timestamp=timestamp_ms, headers=headers) is not None:
                return None
            full = self._open
        self._open = Batch(self._create(), key)
        self._open.builder.append(key=key, value=value, timestamp=timestamp_ms, headers=headers)
        return full

    def rest(self) -> Batch | None:
        """The batch that was begun, None where there is none; the next record begins another."""
        begun, self._open = self._open, None
        return begun
