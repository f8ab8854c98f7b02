"""The catalogue of support measures: what each is, for whom, whom to contact, and its official source.

`measures.toml` beside this module is the one that is shipped, and says what a table holds; a file of the
administration's own takes its place. Whatever is not understood stops the reading.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

import msgspec

from alerts import tables
from alerts.alert import ThemeName, Tier
from alerts.language import LANGUAGES, Language
from alerts.sectors import LETTERS
from alerts.tables import wrong
from detectors.errors import UnusableInput

SHIPPED = Path(__file__).parent / "measures.toml"


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in both languages."""

    fr: str
    en: str

    def __getitem__(self, language: Language) -> str:
        return self.fr if language == "fr" else self.en


class Measure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A measure and its conditions; None is none. Headcounts are employees."""

    title: Text
    text: Text
    contact: Text
    source: str
    themes: tuple[ThemeName, ...] = ()
    tiers: tuple[Tier, ...] = ("moderate", "strong")
    schedule: bool | None = None
    proceeding: bool = False
    least_headcount: float | None = None
    most_headcount: float | None = None
    least_debt_euros: float | None = None
    sectors: tuple[str, ...] = ()
    employee_share_paid: bool = False
    """Asked only of firms that have paid the employee share: proposed to others too, with that to be done first."""


Catalogue = Mapping[str, Measure]
"""Measures by code, in the order in which they are shown."""


def read(path: Path | None) -> Catalogue:
    """The measures of a file; None is the one that is shipped. Raises UnusableInput with file, measure and field."""
    return shipped() if path is None else _read(path)


@cache
def shipped() -> Catalogue:
    """The measures that come with Vigie."""
    return _read(SHIPPED)


def known(catalogue: Catalogue, code: str) -> str:
    """The code itself. Raises UnusableInput where no measure has it."""
    if code not in catalogue:
        raise UnusableInput(f"{code[:40]!r} is no measure of the catalogue: {', '.join(catalogue)}")
    return code


def _read(path: Path) -> Catalogue:
    measures = tables.read(path, Measure, f"Write a table a measure, as {SHIPPED} does, and name it with --measures")
    for code, measure in measures.items():
        _check(path, code, measure)
    return MappingProxyType(measures)


def _check(path: Path, code: str, measure: Measure) -> None:
    """What the types do not say."""
    for field in ("title", "text", "contact"):
        for language in LANGUAGES:
            if not getattr(measure, field)[language].strip():
                raise wrong(path, code, f"{field}.{language} is empty")
    parts = urlsplit(measure.source)
    if parts.scheme != "https" or not parts.hostname:
        raise wrong(path, code, f"source is {measure.source!r}: give the https address of the official page")
    if not measure.tiers:
        raise wrong(path, code, "tiers is empty, so that it would never be proposed")
    for field in ("least_headcount", "most_headcount", "least_debt_euros"):
        if (getattr(measure, field) or 0) < 0:
            raise wrong(path, code, f"{field} is below 0")
    if (measure.least_headcount or 0) > (measure.most_headcount or float("inf")):
        raise wrong(path, code, "least_headcount is above most_headcount")
    for sector in measure.sectors:
        if sector not in LETTERS and not sector[:2].isdecimal():
            raise wrong(path, code, f"sectors has {sector!r}: write a section (C) or the beginning of a NAF code (25)")
