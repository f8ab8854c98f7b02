"""Exports: everything in them, and nothing that a spreadsheet would run."""

import csv
import io
import re
import zipfile
from datetime import timedelta
from xml.etree import ElementTree

import msgspec
import pytest

from alerts.errors import TooMany
from alerts.exports import COLUMNS, as_csv, as_xlsx, check_size, harmless
from alerts.listing import Query
from alerts.masking import ALL_DATA, Data
from tests.alerts.making import NOW, a_case, live

EVIL = "=HYPERLINK(\"http://x\")\n+cmd|' /C calc'!A0"
CASES = [
    msgspec.structs.replace(a_case(live(name=EVIL)), comment="@SUM(A1)", outcome="besoin", holder="a.martin"),
    a_case(live(siren="000000001", as_of=(NOW - timedelta(days=9)).date())),
]
QUERY = Query(departments=("21", "2A"), tiers=("strong",), name="=1+1")
CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.mark.parametrize(("language", "delimiter"), [("fr", ";"), ("en", ",")])
def test_csv_holds_all_cases_and_no_formula(language: str, delimiter: str) -> None:
    data = as_csv(CASES, QUERY, NOW, language).decode("utf-8-sig")  # type: ignore[arg-type]
    rows = list(csv.reader(io.StringIO(data, newline=""), delimiter=delimiter))
    notes = {row[0]: row[1] for row in rows if row[0].startswith("#")}
    heading, *table = [row for row in rows if not row[0].startswith("#")]
    assert len(heading) == len(COLUMNS) == len(set(heading))
    assert [row[0] for row in table] == ["123456789", "000000001"]
    assert not [cell for row in rows for cell in row if re.match(r"\s*[=+@-]", cell)]
    assert table[0][1].startswith("'=HYPERLINK")
    assert table[0][9] == ("0,34" if language == "fr" else "0.34")
    assert notes["# Données au" if language == "fr" else "# Data as of"] == "2026-03-01"
    assert notes["# Départements" if language == "fr" else "# departments"] == "21, 2A"


def test_xlsx_holds_the_same_with_a_sheet_that_states_the_filters() -> None:
    with zipfile.ZipFile(io.BytesIO(as_xlsx(CASES, QUERY, NOW, "fr"))) as book:
        sheets = [ElementTree.fromstring(book.read(f"xl/worksheets/sheet{n}.xml")) for n in (1, 2)]
        links = [name for name in book.namelist() if "rels" in name and "sheet" in name]
    assert [len(list(sheet.iter(f"{CELL}row"))) for sheet in sheets] == [3, 3 + len(Query.__struct_fields__)]
    assert not [cell for sheet in sheets for cell in sheet.iter(f"{CELL}f")]
    assert links == []
    texts = ["".join(node.itertext()) for sheet in sheets for node in sheet.iter(f"{CELL}is")]
    assert any(text.startswith("=HYPERLINK") for text in texts)
    assert {"21, 2A", "strong", "2026-03-01"} <= set(texts)


def test_what_is_masked_has_no_column() -> None:
    case = msgspec.structs.replace(a_case(), debt_euros=918_273.0, schedule_running=True, escalated_at=NOW)
    hidden = {"urssaf": {"Social debt (€)"}, "score": {"Level", "Probability", "Escalated on", "Model"}}
    for masked in (frozenset[Data](), frozenset[Data]({"urssaf"}), frozenset[Data]({"score"}), ALL_DATA):
        text = as_csv([case], Query(), NOW, "en", masked).decode("utf-8-sig")
        table = [row for row in csv.reader(io.StringIO(text)) if not row[0].startswith("#")]
        lost = set[str]().union(*(hidden.get(data, ()) for data in masked))
        assert table[0] == [column.en for column in COLUMNS if column.en not in lost]
        assert ("918273" in text, "schedule" in str(table[1])) == ("urssaf" not in masked,) * 2
        with zipfile.ZipFile(io.BytesIO(as_xlsx([case], Query(), NOW, "en", masked))) as book:
            sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert ("918273" in sheet) == ("urssaf" not in masked)


def test_too_many_are_refused() -> None:
    check_size(3, 3)
    with pytest.raises(TooMany, match="4 cases, and an export has 3 at most"):
        check_size(4, 3)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A", "\t=1", "\r=1", " =1", "\u202e=1"])
def test_what_begins_a_formula_does_not_any_more(text: str) -> None:
    assert harmless(text).startswith("'")
