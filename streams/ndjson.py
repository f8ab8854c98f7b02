"""Events in columns to lines of JSON, without an object an event."""

from collections.abc import Iterator

import polars as pl

from detectors.events import Clock
from streams.event_columns import COUNTS, SCHEMAS, EventType
from streams.frames import ORDER, Frames
from streams.topics import EVENTS

_LINE = "line"


def lines(run: Frames) -> bytes:
    """{"topic", "key", "value"} a line, in order; `value` as `wire.encode` gives it, `key` null for a clock.

    One thing is written otherwise, with the same meaning: in a request that has both whole counts and others, the
    whole ones end in .0 too.
    """
    encoded = [part for event, table in run.tables.items() for part in _encoded(event, table)]
    text: str = pl.concat(encoded).sort(ORDER)[_LINE].str.join("\n").item()
    return text.encode() + b"\n"


def _encoded(event: EventType, table: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The lines of one type and their order; counts are integers in the rows whose every count is whole."""
    counts = COUNTS[event]
    if not counts:
        yield _lines(event, table)
        return
    whole = pl.all_horizontal((pl.col(name).floor() == pl.col(name)).fill_null(value=True) for name in counts)
    integers = table.filter(whole).with_columns(pl.col(name).cast(pl.Int64) for name in counts)
    yield from (_lines(event, rows) for rows in (integers, table.filter(~whole)) if rows.height)


def _lines(event: EventType, table: pl.DataFrame) -> pl.DataFrame:
    kind = pl.lit(str(event.__struct_config__.tag)).alias("type")
    line = pl.struct(
        pl.lit(EVENTS).alias("topic"),
        (pl.lit(None, pl.String) if event is Clock else pl.col("siren")).alias("key"),
        pl.struct(kind, *SCHEMAS[event]).alias("value"),
    )
    return table.select(ORDER, line.struct.json_encode().alias(_LINE))
