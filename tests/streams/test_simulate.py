"""The files that a simulated world is written to."""

import csv
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.errors import UnusableInput
from streams.simulate import Summary, World, simulate
from streams.simulate.corruption import faults
from streams.simulate.formats import SEPARATORS, header
from streams.simulate.spelling import court_date, french_date, period, urssaf_date

DEBIT = (
    "Urssaf_gestion;Dep;num_cpte;Siren;Siret;Dt_immat;Etat_cpte;Cd_pro_col;Periode;Num_Ecn;Num_Hist_Ecn;Dt_trt_ecn;"
    "Mt_PO;Mt_PP;Cd_op_ecn;Motif_ecn;Recours_en_cours"
)
DELAI = (
    "Urssaf_gestion;Dep;Siret;Numero_compte_externe;Numero_structure;Date_creation;Date_echeance;Duree_delai;"
    "Denomination_premiere_ligne;Indic_6M;Annee_creation;Montant_global_echeancier;Code_externe_stade;"
    "Code_externe_action"
)
CCSF = "Urssaf_gestion;Dep;Siret;Compte;Date_de_traitement;Code_externe_stade;Code_externe_action"
APDEMANDE = (
    "ID_DA,ETAB_SIRET,EFF_ENT,EFF_ETAB,DATE_STATUT,DATE_DEB,DATE_FIN,HTA,MTA,EFF_AUTO,MOTIF_RECOURS_SE,PERIMETRE_AP,"
    "S_HEURE_CONSOM_TOT,S_EFF_CONSOM_TOT,S_MONTANT_CONSOM_TOT,RECOURS_ANTERIEUR"
)
EXPECTED = {
    "debit": DEBIT.split(";"),
    "cotisation": ["Urssaf_gestion", "Dep", "Siret", "Compte", "periode", "mer", "enc_direct", "cotis_due"],
    "delai": DELAI.split(";"),
    "ccsf": CCSF.split(";"),
    "procol": ["Siret", "Siren", "Dt_effet", "Cat_v2", "Lib_actx_stdx"],
    "apdemande": APDEMANDE.split(","),
    "apconso": ["ID_DA", "ETAB_SIRET", "HEURES", "MONTANTS", "EFFECTIFS", "MOIS"],
    "effectif": ["compte", "siret", "rais_soc", "ape_ins", "dep", "eff202011", "eff202012", "eff202013", "eff202021"],
    "effectif_ent": ["siren", "eff202011", "eff202012", "eff202013", "eff202021"],
    "sirene": ["siren", "nic", "siret"],
    "sirene_ul": ["siren"],
}
NEEDED = {
    "sirene": {
        "etablissementSiege",
        "codePostalEtablissement",
        "codeCommuneEtablissement",
        "activitePrincipaleEtablissement",
        "etatAdministratifEtablissement",
    },
    "sirene_ul": {
        "denominationUniteLegale",
        "nomUniteLegale",
        "categorieJuridiqueUniteLegale",
        "activitePrincipaleUniteLegale",
        "etatAdministratifUniteLegale",
    },
}

WORLD = World(firms=400, months=40, start="2020-01", clean=True, doubled=0)
START, EXTRACTION = date(2020, 1, 1), date(2023, 5, 1)


def cells(directory: Path, kind: str) -> list[list[str]]:
    """The rows of a file, header first, read as any reader of that separator would."""
    text = (directory / f"{kind}.csv").read_text(encoding="utf-8")
    if SEPARATORS[kind] == ";":
        return [line.split(";") for line in text.splitlines()]
    return list(csv.reader(text.splitlines()))


def records(directory: Path, kind: str) -> list[dict[str, str]]:
    names, *rows = cells(directory, kind)
    return [dict(zip(names, row, strict=True)) for row in rows]


def urssaf(text: str) -> date:
    return date(int(text[:-4]) + 1900, int(text[-4:-2]), int(text[-2:]))


def court(text: str) -> date:
    months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    return date(int(text[5:]), months.index(text[2:5]) + 1, int(text[:2]))


def french(text: str) -> date:
    return date(int(text[6:]), int(text[3:5]), int(text[:2]))


def digest(directory: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(directory.iterdir())}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    directory = tmp_path_factory.mktemp("clean")
    return directory, simulate(directory, WORLD, 5)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    world = World(firms=60, months=30, corrupt=0.05)
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        simulate(tmp_path / name, world, seed)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    other = digest(tmp_path / "three")
    assert all(other[name] != value for name, value in digest(tmp_path / "one").items())


@pytest.mark.parametrize("kind", EXPECTED)
def test_every_kind_is_there_with_its_header_and_whole_rows(clean: tuple[Path, Summary], kind: str) -> None:
    directory, summary = clean
    names, *rows = cells(directory, kind)
    assert names[: len(EXPECTED[kind])] == EXPECTED[kind]
    assert set(names) >= NEEDED.get(kind, set())
    assert {len(row) for row in rows} == {len(names)}
    assert len(rows) == summary.files[kind].rows > 0
    if kind in {"debit", "cotisation", "delai", "ccsf", "procol", "apdemande", "apconso"}:
        assert names == EXPECTED[kind]


def test_there_are_eleven_kinds(clean: tuple[Path, Summary]) -> None:
    assert sorted(path.stem for path in clean[0].iterdir()) == sorted(EXPECTED)
    assert len(EXPECTED) == 11


def test_wide_headers_have_a_column_a_month(clean: tuple[Path, Summary]) -> None:
    for kind in ("effectif", "effectif_ent"):
        months = [name for name in cells(clean[0], kind)[0] if name.startswith("eff2")]
        assert len(months) == len(set(months)) == WORLD.months
        assert (months[0], months[-1]) == ("eff202011", "eff202321")


def test_identifiers_fit_together(clean: tuple[Path, Summary]) -> None:
    directory, _ = clean
    seats = [row for row in records(directory, "sirene") if row["etablissementSiege"] == "true"]
    sirets = {row["siret"] for row in records(directory, "sirene")}
    sirens = {row["siren"] for row in records(directory, "sirene_ul")}
    assert len(seats) == len(sirens) == WORLD.firms
    assert {row["siren"] for row in seats} == sirens
    assert len(sirets) > WORLD.firms
    assert all(len(siren) == 9 and siren.isdecimal() for siren in sirens)
    assert any(siren.startswith("0") for siren in sirens)
    for kind, column in (("debit", "Siret"), ("cotisation", "Siret"), ("apconso", "ETAB_SIRET"), ("procol", "Siret")):
        found = {row[column] for row in records(directory, kind)}
        assert found <= sirets
        assert {siret[:9] for siret in found} <= sirens


def test_every_date_lies_between_the_start_and_the_extraction(clean: tuple[Path, Summary]) -> None:
    directory, _ = clean
    known: dict[str, tuple[str, Callable[[str], date]]] = {
        "debit": ("Dt_trt_ecn", urssaf),
        "delai": ("Date_creation", french),
        "ccsf": ("Date_de_traitement", urssaf),
        "procol": ("Dt_effet", court),
        "apdemande": ("DATE_STATUT", date.fromisoformat),
        "apconso": ("MOIS", date.fromisoformat),
    }
    for kind, (column, read) in known.items():
        days = [read(row[column]) for row in records(directory, kind)]
        assert START <= min(days) < max(days) < EXTRACTION, kind


def test_versions_of_a_debt_follow_each_other(clean: tuple[Path, Summary]) -> None:
    directory, summary = clean
    debts: dict[tuple[str, ...], list[tuple[int, date, int]]] = defaultdict(list)
    for row in records(directory, "debit"):
        key = tuple(row[name] for name in ("Siret", "num_cpte", "Periode", "Num_Ecn"))
        amount = int(row["Mt_PO"]) + int(row["Mt_PP"])
        debts[key].append((int(row["Num_Hist_Ecn"]), urssaf(row["Dt_trt_ecn"]), amount))
    backwards = paid = unpaid = 0
    for versions in debts.values():
        versions.sort()
        assert len({version for version, _, _ in versions}) == len(versions)
        backwards += sum(later[1] <= earlier[1] for earlier, later in pairwise(versions))
        amounts = [amount for _, _, amount in versions]
        assert 0 not in amounts[:-1]
        paid += amounts[-1] == 0
        unpaid += amounts[-1] > 0
    assert paid > unpaid > 0
    assert backwards <= summary.files["debit"].late < sum(map(len, debts.values())) / 50
    assert any(len(versions) > 3 for versions in debts.values())


def test_debt_numbers_come_back_for_later_periods(clean: tuple[Path, Summary]) -> None:
    keys = {(row["num_cpte"], row["Num_Ecn"], row["Periode"]) for row in records(clean[0], "debit")}
    assert max(Counter((account, number) for account, number, _ in keys).values()) > 1


def test_periods_are_monthly_quarterly_and_yearly(clean: tuple[Path, Summary]) -> None:
    periods = [row["periode"] for row in records(clean[0], "cotisation")]
    ends = {text[-2:] for text in periods}
    assert ends == {f"{q}{m}" for q in "1234" for m in "0123"} | {"62"}
    assert {len(text) for text in periods} == {4, 6}
    assert all(text[-6:-2] >= "2020" or text[:-2] in {"20", "21", "22", "23"} for text in periods)


def test_amounts_are_written_with_a_comma_or_a_point_and_may_be_unknown(clean: tuple[Path, Summary]) -> None:
    rows = records(clean[0], "cotisation")
    assert {"," in row["cotis_due"] for row in rows} == {True, False}
    unknown = sum(row["enc_direct"] == "" for row in rows) / len(rows)
    assert 0.005 < unknown < 0.03
    assert all(row["cotis_due"] for row in rows)


def test_requests_come_again_later_and_have_all_reasons(clean: tuple[Path, Summary]) -> None:
    rows = records(clean[0], "apdemande")
    versions: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        versions[row["ID_DA"]].append(row["DATE_STATUT"])
    assert any(len(dates) > 1 for dates in versions.values())
    assert all(len(set(dates)) == len(dates) for dates in versions.values())
    assert {row["MOTIF_RECOURS_SE"] for row in rows} >= {"1", "2", "3", "4", "5"}
    assert {row["MOTIF_RECOURS_SE"] for row in rows} <= set("1234567")
    assert {row["ID_DA"] for row in records(clean[0], "apconso")} <= versions.keys()


def test_headcounts_have_holes_and_agree_between_the_two_kinds(clean: tuple[Path, Summary]) -> None:
    firms = {row["siren"]: row for row in records(clean[0], "effectif_ent")}
    month = "eff202112"
    sums: Counter[str] = Counter()
    holes: set[str] = set()
    for row in records(clean[0], "effectif"):
        sums[row["siret"][:9]] += int(row[month] or 0)
        if not row[month]:
            holes.add(row["siret"][:9])
    whole = [siren for siren in firms if siren not in holes and firms[siren][month]]
    assert holes
    assert len(whole) > WORLD.firms / 2
    assert all(int(firms[siren][month]) == sums[siren] for siren in whole)


def test_clean_changes_nothing_but_the_corrupt_rows(tmp_path: Path) -> None:
    simulate(tmp_path / "clean", World(firms=80, months=24, clean=True), 9)
    summary = simulate(tmp_path / "spoiled", World(firms=80, months=24, corrupt=0.02), 9)
    assert summary.corrupt > 20
    for kind, count in summary.files.items():
        good = (tmp_path / "clean" / f"{kind}.csv").read_text(encoding="utf-8").splitlines()
        bad = (tmp_path / "spoiled" / f"{kind}.csv").read_text(encoding="utf-8").splitlines()
        assert len(good) == len(bad)
        assert sum(one != other for one, other in zip(good, bad, strict=True)) == count.corrupt
        assert sum(count.corrupt_sorts.values()) == count.corrupt


def test_doubled_and_displaced_rows_are_counted(tmp_path: Path) -> None:
    plain = simulate(tmp_path / "plain", World(firms=80, months=24, clean=True, doubled=0, displaced=0), 9)
    messy = simulate(tmp_path / "messy", World(firms=80, months=24, clean=True, doubled=0.1, displaced=0.1), 9)
    for kind, count in messy.files.items():
        ordered = (tmp_path / "plain" / f"{kind}.csv").read_text(encoding="utf-8").splitlines()
        mixed = (tmp_path / "messy" / f"{kind}.csv").read_text(encoding="utf-8").splitlines()
        assert set(ordered) == set(mixed)
        assert count.rows == plain.files[kind].rows + count.doubled
    assert messy.files["cotisation"].doubled > 0
    assert messy.files["cotisation"].displaced > 0


@pytest.mark.parametrize("kind", EXPECTED)
def test_every_fault_changes_its_row(kind: str) -> None:
    row = [f"cell {place}" for place in range(len(header(kind, ["eff202011"])))]
    spoiled = [fault.spoil(list(row)) for fault in faults(kind)]
    assert spoiled
    assert all(cells != row for cells in spoiled)


def test_the_truth_agrees_with_the_files(clean: tuple[Path, Summary], tmp_path: Path) -> None:
    directory, summary = clean
    summary.truth.write(tmp_path / "truth.csv")
    truth = list(csv.DictReader((tmp_path / "truth.csv").read_text(encoding="utf-8").splitlines()))
    assert len(truth) == WORLD.firms
    first: dict[str, tuple[date, str]] = {}
    for row in records(directory, "procol"):
        opened = court(row["Dt_effet"]), row["Lib_actx_stdx"].lower()
        first[row["Siren"]] = min(first.get(row["Siren"], opened), opened)
    told = {row["siren"]: row for row in truth if row["proceeding"]}
    assert told.keys() == first.keys()
    assert len(told) == summary.proceedings > 10
    for siren, (day, label) in first.items():
        assert told[siren]["proceeding"] == day.strftime("%Y-%m")
        assert told[siren]["action"] in label
    assert {row["kind"] for row in truth} == {"healthy", "slow", "sudden", "recovering"}


def test_the_summary_is_json_with_the_counts_of_each_file(clean: tuple[Path, Summary]) -> None:
    summary = json.loads(json.dumps(clean[1].as_json()))
    assert summary["rows"] == sum(count["rows"] for count in summary["files"].values())
    assert summary["corrupt_rows"] == 0
    assert summary["moratorium"] == "2022-01:2022-06"
    assert 0 < summary["base_rate_per_year"] < 0.2


def test_a_longer_world_tells_no_more_about_the_months_before(tmp_path: Path) -> None:
    """Apart from the states at extraction, what is known by a date does not depend on what comes after it."""
    for name, months in (("short", 50), ("long", 62)):
        world = World(firms=150, months=months, start="2020-01", clean=True, doubled=0, displaced=0)
        simulate(tmp_path / name, World(**(vars(world) | {"moratorium": "2022-03:2022-08"})), 11)
    end = date(2024, 3, 1)
    days: dict[str, tuple[str, Callable[[str], date], set[str]]] = {
        "debit": ("Dt_trt_ecn", urssaf, set()),
        "delai": ("Date_creation", french, {"Code_externe_stade"}),
        "ccsf": ("Date_de_traitement", urssaf, set()),
        "procol": ("Dt_effet", court, set()),
        "apdemande": (
            "DATE_STATUT",
            date.fromisoformat,
            {"S_HEURE_CONSOM_TOT", "S_EFF_CONSOM_TOT", "S_MONTANT_CONSOM_TOT"},
        ),
        "apconso": ("MOIS", date.fromisoformat, set()),
    }
    for kind, (column, read, states) in days.items():
        short, long = (
            Counter(
                tuple(value for name, value in row.items() if name not in states)
                for row in records(tmp_path / name, kind)
                if read(row[column]) < end
            )
            for name in ("short", "long")
        )
        assert short == long, kind
        assert short.total() > 10, kind
    short_dues, long_dues = (Counter(map(tuple, cells(tmp_path / name, "cotisation"))) for name in ("short", "long"))
    assert short_dues < long_dues
    short_cells, long_cells = (records(tmp_path / name, "effectif") for name in ("short", "long"))
    assert short_cells == [{name: row[name] for name in short_cells[0]} for row in long_cells]


def test_states_at_extraction_do_tell_the_future(tmp_path: Path) -> None:
    """The traps of the real files are there for who falls into them."""
    for name, months in (("short", 50), ("long", 62)):
        simulate(tmp_path / name, World(firms=150, months=months, moratorium="none", clean=True, doubled=0), 11)
    for kind, key, state in (
        ("delai", "Numero_structure", "Code_externe_stade"),
        ("sirene_ul", "siren", "etatAdministratifUniteLegale"),
        ("apdemande", "ID_DA", "S_HEURE_CONSOM_TOT"),
    ):
        short, long = ({row[key]: row[state] for row in records(tmp_path / name, kind)} for name in ("short", "long"))
        assert any(short[one] != long[one] for one in short), kind


@pytest.mark.parametrize(
    ("world", "named"),
    [
        (World(firms=0), "--firms 0"),
        (World(months=0), "--months 0"),
        (World(start="2018-13"), "--start 2018-13"),
        (World(start="2049-01"), "--start 2049-01"),
        (World(moratorium="2020"), "--moratorium 2020"),
        (World(moratorium="2020-08:2020-03"), "--moratorium 2020-08:2020-03"),
        (World(moratorium="2010-01:2010-03"), "--moratorium 2010-01:2010-03"),
        (World(failures=2), "--failures 2"),
        (World(doubled=-1), "--doubled -1"),
    ],
)
def test_a_wrong_parameter_is_named(tmp_path: Path, world: World, named: str) -> None:
    with pytest.raises(UnusableInput, match=named):
        simulate(tmp_path / "world", world, 0)
    assert not (tmp_path / "world").exists()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableInput, match="file/world"):
        simulate(tmp_path / "file" / "world", World(firms=1, months=1), 0)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(1, 14), st.integers(0, 2**40))
def test_the_smallest_worlds_are_whole(
    tmp_path_factory: pytest.TempPathFactory, firms: int, months: int, seed: int
) -> None:
    directory = tmp_path_factory.mktemp("small")
    summary = simulate(directory, World(firms=firms, months=months, clean=True), seed)
    assert {path.stem for path in directory.iterdir()} == set(SEPARATORS)
    for kind, count in summary.files.items():
        assert len(records(directory, kind)) == count.rows
    assert len({row["siren"] for row in records(directory, "sirene_ul")}) == firms


def test_spellings() -> None:
    assert (urssaf_date(date(2018, 2, 3)), urssaf_date(date(1999, 5, 5))) == ("1180203", "990505")
    assert court_date(date(2014, 5, 26)) == "26MAY2014"
    assert french_date(date(2019, 1, 2)) == "02/01/2019"
    january = 2018 * 12
    assert period(january, january + 12) == "201862"
    assert period(january + 3, january + 6) == "201820"
    assert period(january + 1, january + 2) == "201812"
    assert period(january + 1, january + 2, short=True) == "1812"


@given(st.dates(date(1980, 1, 1), date(2049, 12, 31)))
def test_dates_read_back(day: date) -> None:
    assert urssaf(urssaf_date(day)) == day
    assert court(court_date(day)) == day
    assert french(french_date(day)) == day
