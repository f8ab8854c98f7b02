"""What holds for every kind of partner file."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.errors import UnusableInput
from detectors.events import AnyEvent, FirmEvent, early_date
from streams import wire
from streams.cells import join_cells, split_header
from streams.lines import Line
from streams.partners import KINDS, recognise
from tests.streams.partner_events import EVENTS
from tests.streams.partner_files import VALID, content, header_of, ingested, shuffled, written

NUMBER_OF_KINDS = 11
LONG = "x" * 1025

kinds = pytest.mark.parametrize("kind", sorted(KINDS))
decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


class Bad(NamedTuple):
    """A cell that must reject its row, and other cells to change so that it is looked at."""

    column: str
    cell: str
    others: Mapping[str, str] = MappingProxyType({})


BAD_CELLS: dict[str, list[Bad]] = {
    "debit": [
        Bad("Siren", "12345678", {"Siret": ""}),
        Bad("Siret", "1234567890123"),
        Bad("num_cpte", LONG),
        Bad("Periode", "2018"),
        Bad("Periode", "199904"),
        Bad("Num_Ecn", LONG),
        Bad("Num_Hist_Ecn", "-1"),
        Bad("Dt_trt_ecn", "1181303"),
        Bad("Mt_PO", "nan"),
        Bad("Mt_PP", "100000000000001"),
        Bad("Etat_cpte", "1.5"),
        Bad("Cd_pro_col", LONG),
        Bad("Cd_op_ecn", LONG),
        Bad("Motif_ecn", LONG),
        Bad("Recours_en_cours", "2"),
    ],
    "cotisation": [
        Bad("Siret", "1234567890123A"),
        Bad("Compte", LONG),
        Bad("periode", "201854"),
        Bad("enc_direct", "1 234,50"),
        Bad("cotis_due", "1e999"),
    ],
    "delai": [
        Bad("Siret", "1234567890123٤"),
        Bad("Numero_compte_externe", LONG),
        Bad("Numero_structure", LONG),
        Bad("Date_creation", "2018-02-03"),
        Bad("Date_echeance", "30/02/2018"),
        Bad("Duree_delai", "1000000001"),
        Bad("Montant_global_echeancier", "inf"),
        Bad("Code_externe_stade", LONG),
        Bad("Code_externe_action", LONG),
    ],
    "ccsf": [
        Bad("Siret", "123"),
        Bad("Compte", LONG),
        Bad("Date_de_traitement", "03/02/2018"),
        Bad("Code_externe_stade", LONG),
        Bad("Code_externe_action", LONG),
    ],
    "procol": [
        Bad("Siret", "123"),
        Bad("Siren", "123", {"Siret": ""}),
        Bad("Dt_effet", "26MAI2014"),
        Bad("Lib_actx_stdx", "Solde_procedure"),
    ],
    "apdemande": [
        Bad("ID_DA", LONG),
        Bad("ETAB_SIRET", "123"),
        Bad("EFF_ENT", "-1"),
        Bad("EFF_ETAB", "1000000001"),
        Bad("DATE_STATUT", "20180203"),
        Bad("DATE_DEB", "2018-02-30"),
        Bad("DATE_FIN", "1979-12-31"),
        Bad("HTA", "1000000001"),
        Bad("MTA", "1,2,3"),
        Bad("EFF_AUTO", "dix"),
        Bad("MOTIF_RECOURS_SE", "0"),
        Bad("MOTIF_RECOURS_SE", "8"),
        Bad("PERIMETRE_AP", LONG),
        Bad("S_HEURE_CONSOM_TOT", "?"),
        Bad("S_EFF_CONSOM_TOT", "?"),
        Bad("S_MONTANT_CONSOM_TOT", "-1000000000001"),
    ],
    "apconso": [
        Bad("ID_DA", LONG),
        Bad("ETAB_SIRET", "123"),
        Bad("HEURES", "?"),
        Bad("MONTANTS", "NaN"),
        Bad("EFFECTIFS", "-2"),
        Bad("MOIS", "2018-02"),
    ],
    "effectif": [Bad("compte", LONG), Bad("siret", "123"), Bad("eff201811", "-1"), Bad("eff201813", "abc")],
    "effectif_ent": [Bad("siren", "123"), Bad("eff201811", "1000000001")],
    "sirene": [
        Bad("siren", "123"),
        Bad("siret", "123"),
        Bad("etablissementSiege", "oui"),
        Bad("codeCommuneEtablissement", "2C004"),
        Bad("codePostalEtablissement", "2A004", {"codeCommuneEtablissement": ""}),
        Bad("activitePrincipaleEtablissement", LONG),
    ],
    "sirene_ul": [
        Bad("siren", "123"),
        Bad("denominationUniteLegale", LONG),
        Bad("nomUniteLegale", LONG, {"denominationUniteLegale": ""}),
        Bad("prenom1UniteLegale", LONG, {"denominationUniteLegale": "", "prenomUsuelUniteLegale": ""}),
        Bad("prenomUsuelUniteLegale", LONG, {"denominationUniteLegale": ""}),
        Bad("categorieJuridiqueUniteLegale", LONG),
        Bad("activitePrincipaleUniteLegale", LONG),
    ],
}
NEVER_BAD = {"etatAdministratifEtablissement", "etatAdministratifUniteLegale"}
"""Whatever is not A is not active."""

bad_cells = pytest.mark.parametrize(
    ("kind", "bad"),
    [
        pytest.param(kind, bad, id=f"{kind}-{bad.column}-{bad.cell[:12]}")
        for kind in BAD_CELLS
        for bad in BAD_CELLS[kind]
    ],
)
required_cells = pytest.mark.parametrize(
    ("kind", "column"),
    [(name, column.name) for name, kind in KINDS.items() for column in kind.columns if column.presence == "required"],
)


def test_all_kinds_are_found_and_tried() -> None:
    assert len(KINDS) == NUMBER_OF_KINDS
    assert set(KINDS) == set(EVENTS) == set(VALID) == set(BAD_CELLS)
    assert all(kind.name == name for name, kind in KINDS.items())


@kinds
def test_every_column_that_is_read_is_declared_and_tried(kind: str) -> None:
    declared = {column.name for column in KINDS[kind].columns}
    assert declared <= set(KINDS[kind].header)
    assert declared - NEVER_BAD == {bad.column for bad in BAD_CELLS[kind] if not bad.column.startswith("eff20")}
    assert all(column.meaning for column in KINDS[kind].columns)


@kinds
def test_a_header_tells_its_kind_whatever_the_order_and_the_company(kind: str) -> None:
    names = shuffled(header_of(kind, [VALID[kind]]), seed=1)
    for header in (names, [name.upper() for name in names], [f" {name} " for name in names]):
        line = Line(1, join_cells(header, KINDS[kind].delimiter))
        assert recognise({";": split_header(line, ";"), ",": split_header(line, ",")}, KINDS) is KINDS[kind]


@kinds
def test_a_lacking_column_is_named(kind: str, tmp_path: Path) -> None:
    header = header_of(kind, [VALID[kind]])
    required = [column.name for column in KINDS[kind].columns if column.presence != "optional"]
    for lacking in required:
        path = written(tmp_path / "delivery.csv", kind, [VALID[kind]], [name for name in header if name != lacking])
        result = ingested(path)
        failure = result.report.failure()
        assert isinstance(failure, UnusableInput)
        assert str(path) in str(failure)
        assert f"column {lacking}, which {kind} files have" in str(failure)
        assert not result.events


@kinds
def test_only_the_columns_that_must_be_there_must(kind: str, tmp_path: Path) -> None:
    must = [column.name for column in KINDS[kind].columns if column.presence != "optional"]
    months = [name for name in VALID[kind] if name.startswith("eff20")]
    path = written(tmp_path / "delivery.csv", kind, [VALID[kind]], [*must, *months])
    result = ingested(path, kind=kind)
    assert result.report.failure() is None
    assert result.facts
    assert not result.rejects


@kinds
def test_spelling_does_not_change_what_is_read(kind: str, tmp_path: Path) -> None:
    rows = [VALID[kind]]
    header = header_of(kind, rows)
    mixed = shuffled(header, seed=2)
    plain = content(kind, rows)
    spellings = {
        "plain": plain,
        "shuffled, with unknown columns": content(kind, [rows[0] | {"unknown_1": "é"}], mixed),
        "byte-order mark": b"\xef\xbb\xbf" + plain,
        "CRLF": plain.replace(b"\n", b"\r\n"),
        "Latin-1": content(kind, [rows[0] | {"unknown_1": "é"}], mixed).decode().encode("latin-1"),
        "blank lines": plain.replace(b"\n", b"\n\n \n"),
        "no line end at the end": plain.removesuffix(b"\n"),
        "all in quotes": b"".join(
            KINDS[kind].delimiter.join(f'"{cell}"' for cell in line).encode() + b"\n"
            for line in (header, [rows[0].get(name, "") for name in header])
        ),
    }
    read = {}
    for spelling, data in spellings.items():
        path = tmp_path / "delivery.csv"
        path.write_bytes(data)
        read[spelling] = ingested(path)
        assert not read[spelling].rejects, spelling
        assert read[spelling].report.files[0].kind == kind, spelling
    assert read["plain"].facts
    assert all(result.events == read["plain"].events for result in read.values())


@bad_cells
def test_a_bad_cell_costs_its_own_row_only(kind: str, bad: Bad, tmp_path: Path) -> None:
    good = VALID[kind]
    rows = [good, good | {**bad.others, bad.column: bad.cell}, good]
    result = ingested(written(tmp_path / "delivery.csv", kind, rows))
    (reject,) = result.rejects
    assert (reject.line, reject.column) == (3, bad.column)
    assert reject.raw == content(kind, rows).decode().splitlines()[2]
    assert result.facts == _twice(ingested(written(tmp_path / "delivery.csv", kind, [good])).facts)
    assert result.report.failure() is None


@required_cells
def test_an_empty_cell_that_is_needed_rejects(kind: str, column: str, tmp_path: Path) -> None:
    result = ingested(written(tmp_path / "delivery.csv", kind, [VALID[kind] | {column: ""}, VALID[kind]]))
    (reject,) = result.rejects
    assert (reject.line, reject.column) == (2, column)
    assert "empty" in reject.reason
    assert result.facts


@kinds
def test_an_empty_cell_that_is_not_needed_is_none(kind: str, tmp_path: Path) -> None:
    optional = [column.name for column in KINDS[kind].columns if column.presence == "optional"]
    result = ingested(written(tmp_path / "delivery.csv", kind, [VALID[kind] | dict.fromkeys(optional, "")]))
    assert not result.rejects
    assert result.facts


@kinds
@pytest.mark.parametrize("change", [-1, 1])
def test_a_row_of_another_width_is_rejected(kind: str, change: int, tmp_path: Path) -> None:
    data = content(kind, [VALID[kind], VALID[kind]])
    header, bad, good = data.splitlines(keepends=True)
    separator = KINDS[kind].delimiter.encode()
    bad = bad.rpartition(separator)[0] + b"\n" if change < 0 else bad.replace(b"\n", separator + b"1\n")
    path = tmp_path / "delivery.csv"
    path.write_bytes(header + bad + good)
    result = ingested(path)
    (reject,) = result.rejects
    assert (reject.line, reject.column) == (2, None)
    assert "header" in reject.reason
    assert result.facts == ingested(written(path, kind, [VALID[kind]])).facts


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"sirene", "sirene_ul"}))
def test_what_is_known_only_in_the_future_is_rejected(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path / "delivery.csv", kind, [VALID[kind]])
    last = max(event.known_at for event in ingested(path).facts if event.known_at)
    assert not ingested(path, today=_days_later(last, -1)).rejects
    (reject,) = ingested(path, today=_days_later(last, -2)).rejects
    assert "future" in reject.reason
    assert reject.column


@kinds
def test_written_events_are_read_again(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("written")

    @settings(max_examples=60, deadline=None)
    @given(st.lists(EVENTS[kind], max_size=5))
    def check(events: list[Any]) -> None:
        events = list({_cell_of(event): event for event in events}.values())
        header, rows = KINDS[kind].table(events)
        path = folder / "delivery.csv"
        lines = (join_cells(cells, KINDS[kind].delimiter) for cells in (header, *rows))
        path.write_bytes("".join(line + "\n" for line in lines).encode())
        result = ingested(path, kind=kind)
        assert not result.rejects
        if events:
            assert sorted(map(repr, result.facts)) == sorted(map(repr, events))
        for event in result.events:
            assert decoder.decode(wire.encode(event)) == event
            assert early_date(event) is None

    check()


@kinds
def test_no_content_whatever_stops_the_reading(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("any") / "delivery.csv"
    start = content(kind, [VALID[kind]])
    expected = ingested(written(path, kind, [VALID[kind]])).facts

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=200) | st.text('0123456789;,".\n\r é', max_size=200).map(str.encode))
    def check(tail: bytes) -> None:
        path.write_bytes(start + tail)
        result = ingested(path)
        (file,) = result.report.files
        assert file.error is None
        assert [event for event in expected if event in result.facts] == expected
        assert file.rejects == len(result.rejects)

    check()


def _twice(events: list[FirmEvent]) -> list[FirmEvent]:
    """The events of two equal rows, as they come: by day, then by line."""
    days = dict.fromkeys(event.known_at for event in events)
    return [event for day in days for _ in range(2) for event in events if event.known_at == day]


def _days_later(day: Any, days: int) -> Any:
    return type(day).fromordinal(day.toordinal() + days)


def _cell_of(event: Any) -> Any:
    """Wide files have one cell a firm, establishment, account and month: of two events for it one can be written."""
    return (
        (event.siren, event.siret, event.account, event.month)
        if hasattr(event, "month") and hasattr(event, "account")
        else id(event)
    )
