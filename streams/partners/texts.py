"""Texts, and the short ones that identify or classify: kept as written, bounded in length as events are."""

import polars as pl

from streams.partners.column import BadValue, Format
from streams.partners.whole import kept


def _bounded(limit: int) -> Format[str]:
    def parse(text: str) -> str:
        if len(text) > limit:
            raise BadValue(f"longer than {limit} characters", text)
        return text

    def fast(cells: pl.Series) -> pl.Series:
        # A text has at most as many characters as bytes; one of many accents is left to `parse`.
        return kept(cells.str.len_bytes() <= limit, cells)

    return Format(parse, str, fast)


def code_text(code: str | int | None) -> str | None:
    """An event's code as text; partners' files give texts, other producers of events may give numbers."""
    return None if code is None else str(code)


TEXT = _bounded(1024)
NAME = _bounded(256)
ACCOUNT = _bounded(64)
SHORT_CODE = _bounded(16)
