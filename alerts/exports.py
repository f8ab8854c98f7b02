"""Lists of cases as files for a spreadsheet: CSV and XLSX, whole or not at all.

Nothing in them is a formula to whoever opens them: a text that would begin one gets an apostrophe in CSV, and is a text
in XLSX.
"""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from alerts.case_wording import HOLD_WORDS, STATES
from alerts.cases import Case
from alerts.departments import NAMES
from alerts.errors import TooMany
from alerts.holds import holds
from alerts.language import Language
from alerts.listing import Query
from alerts.masking import NOTHING, Data, Masked, case_of
from alerts.sectors import SECTIONS, section
from alerts.terminal import clean
from alerts.vocabulary import worded
from alerts.wording import TIERS

Cell = str | float | date | None

MOST_ROWS = 10_000


class Column(NamedTuple):
    """A column's heading in each language, its cell of a case, and whose data it has (None: everybody's)."""

    fr: str
    en: str
    cell: Callable[[Case, Language], Cell]
    data: Data | None = None


def _section_name(case: Case, _: Language) -> Cell:
    letter = section(case.activity)
    return next((f"{letter} {name}" for found, _, _, name in SECTIONS if found == letter), None)


def _measures(case: Case, language: Language) -> Cell:
    """The measures' codes, with what came of each."""
    told = (
        f"{code} ({worded(proposed.outcome, language)})" if proposed.outcome else code
        for code, proposed in case.proposed.items()
    )
    return ", ".join(told) or None


COLUMNS: tuple[Column, ...] = (
    Column("SIREN", "SIREN", lambda c, _: c.siren),
    Column("Dénomination", "Name", lambda c, _: c.name),
    Column("Département", "Department", lambda c, _: c.department),
    Column("Nom du département", "Department's name", lambda c, _: NAMES.get(c.department)),
    Column("Code NAF", "NAF code", lambda c, _: c.activity),
    Column("Section NAF", "NAF section", _section_name),
    Column("Effectif", "Headcount", lambda c, _: c.headcount),
    Column("Dette sociale (€)", "Social debt (€)", lambda c, _: c.debt_euros, "urssaf"),
    Column("Niveau", "Level", lambda c, language: TIERS[language][c.tier], "score"),
    Column("Probabilité", "Probability", lambda c, _: c.probability, "score"),
    Column("Dernière alerte au", "Last alert as of", lambda c, _: c.as_of),
    Column("Première alerte au", "First alert as of", lambda c, _: c.opened_on),
    Column("Nombre d'alertes", "Alerts", lambda c, _: c.alerts),
    Column("État", "State", lambda c, language: STATES[language][c.state]),
    Column("Depuis le", "Since", lambda c, _: c.since.date()),
    Column("Agent", "Agent", lambda c, _: c.holder),
    Column("Jusqu'au", "Until", lambda c, _: c.until),
    Column(
        "Motif ou issue", "Reason or outcome", lambda c, language: worded(c.outcome, language) if c.outcome else None
    ),
    Column("Commentaire", "Comment", lambda c, _: c.comment),
    Column("Mesures proposées", "Measures proposed", _measures),
    Column("Signalé le", "Escalated on", lambda c, _: c.escalated_at.date() if c.escalated_at else None, "score"),
    Column("Filtres standards", "Standard filters", lambda c, language: _holds(c, language)),
    Column("Numéro du dossier", "Case", lambda c, _: c.number),
    Column("Modèle", "Model", lambda c, _: c.model_version, "score"),
    Column("Identifiant de l'alerte", "Alert id", lambda c, _: c.alert),
)


def _holds(case: Case, language: Language) -> Cell:
    return ", ".join(HOLD_WORDS[language][hold] for hold in holds(case)) or None


def check_size(cases: int, limit: int) -> None:
    """Raises TooMany where there are more cases than the file may have."""
    if cases > limit:
        raise TooMany(
            f"{cases} cases, and an export has {limit} at most: nothing was written. Narrow the filters "
            "(--department, --tier, --since...), or raise --limit"
        )


def about(query: Query, cases: Sequence[Case], made_at: datetime, language: Language) -> list[tuple[str, str]]:
    """What a reader has to know of a list: its filters, the age of its data, when it was made."""
    french = language == "fr"
    all_of_them = "tous" if french else "all"
    data = f"{max((case.as_of for case in cases), default=None) or '–'}"
    default = Query()
    rows = [
        ("Fichier produit le" if french else "Made on", f"{made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"),
        ("Données au" if french else "Data as of", data),
        ("Nombre de dossiers" if french else "Cases", str(len(cases))),
    ]
    for name in Query.__struct_fields__:
        value = getattr(query, name)
        if name == "departments" and value == default.departments:
            value = ()
        texts = [str(part) for part in value] if isinstance(value, tuple) else [] if value is None else [str(value)]
        rows.append((_FILTERS[language].get(name, name), ", ".join(texts) or all_of_them))
    return rows


def as_csv(
    cases: Sequence[Case], query: Query, made_at: datetime, language: Language, masked: Masked = NOTHING
) -> bytes:
    """The cases as CSV in UTF-8: `;` and decimal commas for French spreadsheets, `,` and points for others.

    Without the columns of what is masked.

    The lines above the heading, which begin with `#`, state the filters and the age of the data.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";" if language == "fr" else ",", lineterminator="\r\n")
    for name, value in about(query, cases, made_at, language):
        writer.writerow([f"# {name}", harmless(value)])
    columns = _columns(masked)
    writer.writerow([column[language == "en"] for column in columns])
    for case in cases:
        writer.writerow([_text(column.cell(case_of(case, masked), language), language) for column in columns])
    # With a mark of order: without it, spreadsheets take it for another encoding.
    return stream.getvalue().encode("utf-8-sig")


def as_xlsx(
    cases: Sequence[Case], query: Query, made_at: datetime, language: Language, masked: Masked = NOTHING
) -> bytes:
    """The cases as XLSX, with a second sheet that states the filters and the age of the data.

    Without the columns of what is masked.
    """
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_date_format": "dd/mm/yyyy",
    }
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, options) as book:
        bold, percent = book.add_format({"bold": True}), book.add_format({"num_format": "0.0%"})
        sheet = book.add_worksheet("Dossiers" if language == "fr" else "Cases")
        columns = _columns(masked)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column[language == "en"], bold)
        for row, case in enumerate(cases, 1):
            for place, column in enumerate(columns):
                value = column.cell(case_of(case, masked), language)
                if isinstance(value, str):
                    sheet.write_string(row, place, clean(value))
                elif isinstance(value, date):
                    sheet.write_datetime(row, place, datetime(value.year, value.month, value.day))  # noqa: DTZ001
                elif value is not None:
                    sheet.write_number(row, place, value, *([percent] if column.en == "Probability" else []))
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, len(cases), len(columns) - 1)
        notes = book.add_worksheet("Filtres" if language == "fr" else "Filters")
        notes.set_column(0, 1, 40)
        for row, (name, value) in enumerate(about(query, cases, made_at, language)):
            notes.write_string(row, 0, name, bold)
            notes.write_string(row, 1, clean(value))
    return stream.getvalue()


def _columns(masked: Masked) -> list[Column]:
    return [column for column in COLUMNS if column.data not in masked]


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula, on one line.

    >>> harmless("=HYPERLINK(A1)"), harmless("DUMONT")
    ("'=HYPERLINK(A1)", 'DUMONT')
    """
    line = clean(text)
    return f"'{line}" if line.lstrip()[:1] in ("=", "+", "-", "@", "\ufffd") else line


def _text(value: Cell, language: Language) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}" if language == "fr" else value.isoformat()
    text = repr(round(value, 6))
    return text.replace(".", ",") if language == "fr" else text


_FILTERS: dict[Language, dict[str, str]] = {
    "fr": {
        "departments": "Départements",
        "states": "États",
        "tiers": "Niveaux",
        "kinds": "Sortes d'alerte",
        "sectors": "Secteurs",
        "least_headcount": "Effectif minimal",
        "most_headcount": "Effectif maximal",
        "least_debt_euros": "Dette minimale (€)",
        "since": "Alertes depuis le",
        "siren": "SIREN",
        "name": "Nom contenant",
        "holder": "Agent",
        "escalated": "Signalés seulement",
        "let_through": "Filtres standards levés",
        "order": "Ordre",
    },
    "en": {},
}
