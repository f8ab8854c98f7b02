"""Scores to a file, in columns: Parquet where its name ends in .parquet, else CSV.

Both have the same columns and rows: a firm of the perimeter at a month end, month after month. Probabilities read back
exactly from either.
"""

import io
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import polars as pl
from polars.io.plugins import register_io_source

from detectors.months import month_text
from detectors.outcome import Scores
from detectors.tiers import NAMES
from streams.errors import StreamsError, Unwritable

SCHEMA: dict[str, type[pl.DataType]] = {
    "siren": pl.String,
    "month": pl.String,
    "probability": pl.Float64,
    "tier": pl.String,
    "model_version": pl.String,
}
ROW_GROUP_ROWS = 1_000_000
"""Three months of all firms of a country: few groups, each of which fits in memory many times."""
_TIERS = pl.Series(NAMES)


class ScoreFile(ABC):
    """Takes the scores of month after month; use it as a context manager. The stream stays the caller's.

    Raises Unwritable, or StreamsError, where they cannot be written.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    @abstractmethod
    def add(self, scores: Scores, model_version: str) -> None:
        """Take a month's scores, given by that model."""

    def __enter__(self) -> "ScoreFile":
        return self

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """After the last month, or an error."""


class CsvFile(ScoreFile):
    """A header, then a line a score, written as they come."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(stream)
        self._put(",".join(SCHEMA) + "\n")

    def add(self, scores: Scores, model_version: str) -> None:  # noqa: D102
        # In memory first: polars would wrap what goes wrong with the stream.
        self._put(table(scores, model_version).write_csv(include_header=False))

    def _put(self, lines: str) -> None:
        try:
            self._stream.write(lines.encode())
        except OSError as error:
            raise Unwritable(self._stream.name, error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class ParquetFile(ScoreFile):
    """Row groups of several months.

    Parquet is written at the end: until then the months wait, compressed, in a temporary file without a name, so that
    memory does not grow with them and nothing is left behind even after a kill.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(stream)
        self._waiting = _waiting()
        self._lengths: list[int] = []

    def add(self, scores: Scores, model_version: str) -> None:  # noqa: D102
        body = io.BytesIO()
        table(scores, model_version).write_ipc_stream(body, compression="lz4")
        try:
            self._lengths.append(self._waiting.write(body.getbuffer()))
        except OSError as error:
            raise Unwritable(tempfile.gettempdir(), error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._write()
        finally:
            with suppress(OSError):  # what could not be flushed to a full disk is not needed any more
                self._waiting.close()

    def _write(self) -> None:
        self._waiting.seek(0)
        months = register_io_source(self._months, schema=SCHEMA)
        try:
            months.sink_parquet(self._stream, row_group_size=ROW_GROUP_ROWS)
        except pl.exceptions.ComputeError as error:
            raise StreamsError(
                f"{self._stream.name} could not be written: {error}. Make room there, then run the command again"
            ) from error

    def _months(self, *_: Any) -> Iterator[pl.DataFrame]:
        """The months again, as polars asks for them."""
        for length in self._lengths:
            yield pl.read_ipc_stream(io.BytesIO(self._waiting.read(length)))
        yield pl.DataFrame(schema=SCHEMA)  # so that there is one where there is no month


def score_file(path: Path, stream: IO[bytes]) -> ScoreFile:
    """The file of that name, written into `stream`, which is open on it."""
    return ParquetFile(stream) if path.suffix.lower() == ".parquet" else CsvFile(stream)


def table(scores: Scores, model_version: str) -> pl.DataFrame:
    """The scores of a month as rows of SCHEMA."""
    count = len(scores.sirens)
    return pl.DataFrame(
        {
            "siren": pl.Series(scores.sirens).cast(pl.String).str.zfill(9),
            "month": pl.repeat(month_text(scores.month), count, eager=True),
            "probability": scores.probabilities,
            "tier": _TIERS.gather(pl.Series(scores.tiers)),
            "model_version": pl.repeat(model_version, count, eager=True),
        },
        schema=SCHEMA,
    )


def _waiting() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile(prefix="vigie-scores-")
    except OSError as error:
        raise Unwritable(tempfile.gettempdir(), error) from error
