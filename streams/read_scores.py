"""The scores that `vigie replay --scores` wrote, as columns, and what is wrong with a file that cannot be used."""

import re
from pathlib import Path

import numpy as np
import polars as pl

from detectors.errors import UnusableInput
from detectors.evaluation.firm_months import FirmMonths
from detectors.months import month_text
from detectors.tiers import NAMES

COLUMNS = ("siren", "month", "probability", "tier", "model_version")
_AGAIN = "Give a file that `vigie replay --scores` wrote"
_MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"


def read(path: Path) -> FirmMonths:
    """The firm-months of a CSV file, or of a Parquet file where its name ends so. Raises UnusableInput."""
    table = _table(path)
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise UnusableInput(
            f"{path}, line 1: column {missing[0]} is missing; a file of scores has {','.join(COLUMNS)}. {_AGAIN}"
        )
    first = 1 if _is_parquet(path) else 2
    texts = table.select(_as_text(table, name) for name in ("siren", "month", "probability", "tier"))
    parsed = texts.select(
        siren=pl.when(pl.col("siren").str.contains(r"^\d{9}$")).then(pl.col("siren").cast(pl.UInt32, strict=False)),
        month=pl.when(pl.col("month").str.contains(_MONTH)).then(
            pl.col("month").str.slice(0, 4).cast(pl.Int32, strict=False) * 12
            + pl.col("month").str.slice(5, 2).cast(pl.Int32, strict=False)
            - 1
        ),
        probability=pl.col("probability").cast(pl.Float64, strict=False),
        tier=pl.col("tier").replace_strict(list(NAMES), list(range(len(NAMES))), default=None, return_dtype=pl.UInt8),
    )
    _refuse(path, texts, parsed, "siren", pl.col("siren").is_null(), "not a SIREN of 9 digits", first)
    _refuse(path, texts, parsed, "month", pl.col("month").is_null(), "not a month written YYYY-MM", first)
    inside = pl.col("probability").is_between(0.0, 1.0).fill_null(value=False)
    _refuse(path, texts, parsed, "probability", ~inside, "not a probability from 0 to 1", first)
    _refuse(path, texts, parsed, "tier", pl.col("tier").is_null(), f"none of {', '.join(NAMES)}", first)
    twice = pl.struct("siren", "month").is_first_distinct().not_()
    _refuse(path, texts, parsed, "month", twice, "there is a line for this firm and month already", first)
    if not parsed.height:
        raise UnusableInput(f"{path} holds no scores. {_AGAIN}")
    return FirmMonths(*(parsed[name].to_numpy() for name in ("siren", "month", "probability", "tier")))


def _table(path: Path) -> pl.DataFrame:
    try:
        if _is_parquet(path):
            return pl.read_parquet(path)
        return pl.read_csv(path, infer_schema=False, quote_char=None)
    except OSError as error:
        raise UnusableInput(f"{path} cannot be read: {error.strerror or error}. {_AGAIN}") from error
    except pl.exceptions.NoDataError:
        raise UnusableInput(f"{path} is empty. {_AGAIN}") from None
    except pl.exceptions.PolarsError as error:
        reason = re.split(r"[\n.]", str(error))[0]
        raise UnusableInput(f"{path} cannot be read as {_format(path)}: {reason}. {_AGAIN}") from error


def _is_parquet(path: Path) -> bool:
    return path.suffix == ".parquet"


def _format(path: Path) -> str:
    return "Parquet" if _is_parquet(path) else "CSV"


def _as_text(table: pl.DataFrame, name: str) -> pl.Expr:
    """A column as CSV has it, whatever type it has in Parquet."""
    dtype, column = table.schema[name], pl.col(name)
    if name == "siren" and dtype.is_integer():
        return column.cast(pl.String).str.zfill(9)
    if name == "month" and dtype.is_temporal():
        return column.dt.strftime("%Y-%m")
    return column.cast(pl.String)


def _refuse(
    path: Path, texts: pl.DataFrame, parsed: pl.DataFrame, column: str, bad: pl.Expr, reason: str, first: int
) -> None:
    """Raise UnusableInput that names the first row at which `bad` holds; `first` is the line of row 0."""
    rows = parsed.select(bad.arg_true()).to_series()
    if not len(rows):
        return
    row = int(rows[0])
    where = f"{path}, {'row' if _is_parquet(path) else 'line'} {row + first}, column {column}"
    raise UnusableInput(f"{where}: {texts[column][row]!r}: {reason}. {_AGAIN}")


def months_text(rows: FirmMonths) -> str:
    """The months of the rows, as 2018-01 to 2023-12."""
    return f"{month_text(int(np.min(rows.months)))} to {month_text(int(np.max(rows.months)))}"
