"""The partner files of a world: opened together, headed, and filled block by block."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from detectors.errors import UnusableInput
from streams.simulate.disorder import Disorder
from streams.simulate.formats import QUOTED_HEADERS, SEPARATORS, header
from streams.simulate.spelling import quoted
from streams.simulate.summary import FileCount


class Files:
    """All files of a directory, open for writing. Earlier files of the same names are replaced."""

    def __init__(self, directory: Path, months: list[str]) -> None:
        self.counts = {kind: FileCount() for kind in SEPARATORS}
        self._directory = directory
        self._months = months
        self._open: dict[str, TextIO] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Makes the directory, then every file with its header. Raises UnusableInput where that cannot be done."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            for kind in SEPARATORS:
                self._open[kind] = self._stack.enter_context(
                    (self._directory / f"{kind}.csv").open("w", encoding="utf-8", newline="\n")
                )
                self._open[kind].write(self._header(kind))
        except OSError as error:
            self._stack.close()
            raise UnusableInput(
                f"{self._directory}: cannot write there: {error.strerror}; name a directory that you may write to"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def write(self, kind: str, block: Disorder) -> None:
        """Appends rows to a kind's file and counts them."""
        separator = SEPARATORS[kind]
        if block.rows:
            self._open[kind].write("\n".join(map(separator.join, block.rows)) + "\n")
        sorts = [sort for _, sort in block.corrupt]
        self.counts[kind].add(len(block.rows), sorts, block.doubled, block.displaced, block.late)

    def _header(self, kind: str) -> str:
        names = header(kind, self._months)
        return SEPARATORS[kind].join(quoted(names) if kind in QUOTED_HEADERS else names) + "\n"
