"""The list as a file: the very cases that the page's address asks for, all of them or none."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from starlette.responses import Response

from alerts.cases import Case
from alerts.console.asking import Parameters
from alerts.exports import as_csv, as_xlsx
from alerts.language import Language
from alerts.listing import Query
from alerts.masking import Masked
from detectors.errors import UnusableInput

_MAKE = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "xlsx": (as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def format_of(parameters: Parameters) -> str:
    """The format that an address asks for. Raises UnusableInput."""
    found = dict(parameters).get("format", "csv")
    if found not in _MAKE:
        raise UnusableInput(f"format={found[:40]!r} is none of {', '.join(_MAKE)}")
    return found


class Shown(NamedTuple):
    """How a person is shown a list: in which language, without what."""

    language: Language
    masked: Masked


def download(cases: Sequence[Case], query: Query, kind: str, made_at: datetime, shown: Shown) -> Response:
    """The file, with its filters and the date of its data in it."""
    make, media_type = _MAKE[kind]
    name = f"vigie-{made_at:%Y-%m-%d}.{kind}"
    return Response(
        make(cases, query, made_at, *shown),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
