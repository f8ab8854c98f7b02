"""A kind of partner file, declared once: its columns, its rows as events, its events as rows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from detectors.errors import UnusableInput
from detectors.events import FirmEvent
from streams.partners.column import BadValue, Column, header_key
from streams.partners.month_headers import is_month_header, parse_month_header
from streams.partners.row import Layout, Row
from streams.partners.rows import Fields, Rows

E = TypeVar("E", bound=FirmEvent)
Cells = dict[str, str]


@dataclass(frozen=True)
class Kind(Generic[E]):
    """A kind of file.

    `header` is the partner's own, in its order; `columns` are those that are read. `monthly`, for wide kinds, is the
    column that comes once a month under the names effYYYYQM. `parse` gives a row's events, None for a row that is
    none of ours and is skipped; it raises BadCell. `parse_many` does the same for a whole block, and leaves to `parse`
    the rows that it is not sure of. `rows` writes events back, for contract tests.
    """

    name: str
    about: str
    delimiter: Literal[";", ","]
    header: tuple[str, ...]
    columns: tuple[Column[Any], ...]
    event: type[E]
    parse: Callable[[Row], Sequence[E] | None]
    parse_many: Callable[[Rows], Fields]
    rows: Callable[[Iterable[E]], Iterator[Cells]]
    monthly: Column[Any] | None = None

    def layout(self, header: Sequence[str]) -> Layout:
        """Where a file of this kind has its columns. Raises UnusableInput, to be completed with the file's name."""
        keys = [header_key(name) for name in header]
        used = {header_key(column.name) for column in self.columns}
        months = tuple(self._months(header)) if self.monthly else ()
        _refuse_repeated(self.name, [key for key in keys if key in used] + [header_key(name) for _, name, _ in months])
        missing = self.missing(header)
        if missing:
            raise UnusableInput(
                f"lacks the column {', '.join(missing)}, which {self.name} files have; its header is "
                f"{shown_header(header)}. Ask the partner for the whole file, or give its own kind with --kind"
            )
        return Layout(
            len(header), {key: (keys.index(key), header[keys.index(key)].strip()) for key in used & {*keys}}, months
        )

    def missing(self, header: Sequence[str]) -> list[str]:
        """The columns that a file must have and this header has not."""
        keys = {header_key(name) for name in header}
        names = [c.name for c in self.columns if c.presence != "optional" and header_key(c.name) not in keys]
        if self.monthly and not any(is_month_header(name) for name in header):
            names.append(self.monthly.name)
        return names

    def table(self, events: Iterable[E]) -> tuple[list[str], list[list[str]]]:
        """A header and rows that parse back to these events."""
        rows = list(self.rows(events))
        months = sorted({name for row in rows for name in row if is_month_header(name)})
        header = [*self.header, *months]
        return header, [[row.get(name, "") for name in header] for row in rows]

    def _months(self, header: Sequence[str]) -> Iterator[tuple[int, str, Any]]:
        for index, name in enumerate(header):
            if is_month_header(name):
                try:
                    yield index, name.strip(), parse_month_header(name)
                except BadValue as error:
                    raise UnusableInput(f"its header has a column that is {error}. Correct the name") from None


def each(write: Callable[[E], Iterable[tuple[str, str]]]) -> Callable[[Iterable[E]], Iterator[Cells]]:
    """The `rows` of a kind that has one row an event."""

    def rows(events: Iterable[E]) -> Iterator[Cells]:
        return (dict(write(event)) for event in events)

    return rows


def header_names(line: str) -> tuple[str, ...]:
    """The names of a header line, as the partner's notice gives it.

    >>> header_names("Siret;Siren")
    ('Siret', 'Siren')
    """
    return tuple(line.replace(";", ",").split(","))


def shown_header(header: Sequence[str]) -> str:
    """A header as error messages quote it, shortened."""
    text = ", ".join(name.strip() for name in header)
    return repr(text if len(text) <= 200 else text[:200] + "…")


def _refuse_repeated(kind: str, keys: list[str]) -> None:
    repeated = sorted({key for key in keys if keys.count(key) > 1})
    if repeated:
        raise UnusableInput(f"is a {kind} file whose header has {', '.join(repeated)} twice. Keep one of the two")
