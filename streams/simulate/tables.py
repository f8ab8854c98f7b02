"""The simulated facts as the partners' columns of text, one function a file kind."""

from dataclasses import dataclass

import numpy as np

from streams.simulate import places, sectors
from streams.simulate.arrays import Bools, Ints, Rows, texts
from streams.simulate.formats import header
from streams.simulate.ledger import Books
from streams.simulate.lives import ACTIONS, Lives
from streams.simulate.partial_unemployment import PartialUnemployment
from streams.simulate.population import Accounts, Establishments, Firms
from streams.simulate.proceedings import LABELS
from streams.simulate.spelling import (
    Spelling,
    decimals,
    duration_days,
    month_column,
    periods,
    quoted,
    quoted_if_needed,
    whole,
)
from streams.simulate.world import Calendar

Column = list[str]


@dataclass(frozen=True)
class Table:
    """The rows of one kind, by column, in the order of the header; `late` marks those known long after their period."""

    kind: str
    columns: list[Column]
    late: Bools


@dataclass(frozen=True)
class Block:
    """All that happens to a block of firms, before it is spelt."""

    firms: Firms
    at: Establishments
    accounts: Accounts
    lives: Lives
    books: Books
    partial: PartialUnemployment
    proceedings: Rows
    headcount: Ints
    """months x accounts."""
    firm_headcount: Ints
    """months x firms."""
    unknown: Bools
    """months x accounts: cells left empty."""
    calendar: Calendar


def tables(block: Block, spelling: Spelling) -> list[Table]:
    """Every kind, in the order of `formats.SEPARATORS`."""
    return [
        _debit(block, spelling),
        _cotisation(block),
        _delai(block, spelling),
        _ccsf(block, spelling),
        _procol(block, spelling),
        _apdemande(block, spelling),
        _apconso(block, spelling),
        _effectif(block),
        _effectif_ent(block),
        _sirene(block, spelling),
        _sirene_ul(block, spelling),
    ]


def _table(kind: str, columns: dict[str, Column], rows: int, late: Bools | None = None) -> Table:
    """Puts named columns in the header's order; those not named are empty."""
    empty = [""] * rows
    ordered = [columns.pop(name, empty) for name in header(kind, [])]
    if columns:
        raise AssertionError(f"{kind} has no columns {', '.join(columns)}")
    return Table(kind, ordered, np.zeros(rows, dtype=np.bool_) if late is None else late)


def _account_columns(block: Block, account: Ints, number: str) -> dict[str, Column]:
    accounts, at = block.accounts, block.at
    place = accounts.establishment[account]
    return {
        "Urssaf_gestion": accounts.office[account].tolist(),
        "Dep": places.DEPARTMENTS[at.department[place]].tolist(),
        number: accounts.number[account].tolist(),
        "Siret": at.siret[place].tolist(),
    }


def _debit(block: Block, spelling: Spelling) -> Table:
    debts = block.books.debts
    debts = debts[np.lexsort((debts["version"], debts["first"], debts["account"]))]
    account = debts["account"]
    firm, first = block.accounts.firm[account], block.calendar.first
    columns = _account_columns(block, account, "num_cpte") | {
        "Siren": block.firms.siren[firm].tolist(),
        "Dt_immat": spelling.write(spelling.compact, block.firms.created[firm]),
        "Etat_cpte": whole(np.where(debts["insolvent"], 4, 1)),
        "Cd_pro_col": whole(np.where(debts["insolvent"], 2, 0)),
        "Periode": periods(debts["first"] + first, debts["end"] + first, block.accounts.short_period[account]),
        "Num_Ecn": whole(debts["sequence"]),
        "Num_Hist_Ecn": whole(debts["version"]),
        "Dt_trt_ecn": spelling.write(spelling.urssaf, debts["treated"]),
        "Mt_PO": whole(debts["employee"]),
        "Mt_PP": whole(debts["employer"]),
        "Cd_op_ecn": whole(np.where(debts["version"] == 1, 3, 11)),
        "Motif_ecn": whole(np.where(debts["sequence"] >= 600, 74, 0)),
        "Recours_en_cours": whole(debts["disputed"].astype(np.int64)),
    }
    return _table("debit", columns, len(debts), debts["late"])


def _cotisation(block: Block) -> Table:
    rows = block.books.contributions
    rows = rows[np.lexsort((rows["first"], rows["account"]))]
    account, first, comma = rows["account"], block.calendar.first, block.accounts.comma[rows["account"]]
    paid = decimals(rows["paid"] / 100, comma)
    due = decimals(rows["due"] / 100, comma)
    columns = _account_columns(block, account, "Compte") | {
        "periode": periods(rows["first"] + first, rows["end"] + first, block.accounts.short_period[account]),
        "mer": due,
        "enc_direct": ["" if cents < 0 else text for cents, text in zip(rows["paid"].tolist(), paid, strict=True)],
        "cotis_due": due,
    }
    return _table("cotisation", columns, len(rows))


def _delai(block: Block, spelling: Spelling) -> Table:
    rows = block.books.schedules
    rows = rows[np.lexsort((rows["created"], rows["account"]))]
    account = rows["account"]
    firm, place = block.accounts.firm[account], block.accounts.establishment[account]
    pairs = zip(rows["created"].tolist(), rows["months"].tolist(), strict=True)
    duration = np.array([duration_days(day, months) for day, months in pairs], dtype=np.int64)
    siret = block.at.siret[place].tolist()
    case = zip(block.firms.number[firm].tolist(), rows["case"].tolist(), strict=True)
    kept = rows["until"] < block.calendar.length
    stage = np.where(rows["broken"], "DENONCE", np.where(kept, "SOLDE", "APPROB")).tolist()
    columns = _account_columns(block, account, "Numero_compte_externe") | {
        "Siret": siret,
        "Numero_structure": [f"{number:07d}{order:05d}" for number, order in case],
        "Date_creation": spelling.write(spelling.french, rows["created"]),
        "Date_echeance": spelling.write(spelling.french, rows["created"] + duration),
        "Duree_delai": whole(duration),
        "Denomination_premiere_ligne": block.firms.name[firm].tolist(),
        "Indic_6M": np.where(rows["months"] > 6, "SUP", "INF").tolist(),
        "Annee_creation": [day[-4:] for day in spelling.write(spelling.french, rows["created"])],
        "Montant_global_echeancier": decimals(rows["amount"] / 100),
        "Code_externe_stade": stage,
        "Code_externe_action": np.where(rows["months"] > 12, "SUR_CF", "SUR_PO").tolist(),
    }
    return _table("delai", columns, len(rows))


def _ccsf(block: Block, spelling: Spelling) -> Table:
    rows = block.books.commissions
    rows = rows[np.lexsort((rows["treated"], rows["account"]))]
    columns = _account_columns(block, rows["account"], "Compte") | {
        "Date_de_traitement": spelling.write(spelling.urssaf, rows["treated"]),
        "Code_externe_stade": texts(["DEBUT", "FIN", "FIN"])[rows["decision"]].tolist(),
        "Code_externe_action": texts(["SAISINE", "ACCORD", "REFUS"])[rows["decision"]].tolist(),
    }
    return _table("ccsf", columns, len(rows))


def _procol(block: Block, spelling: Spelling) -> Table:
    rows = block.proceedings
    seats = np.flatnonzero(block.at.seat)
    action = np.array([next(i for i, name in enumerate(ACTIONS) if name in label.lower()) for label in LABELS])
    columns = {
        "Siret": block.at.siret[seats[rows["firm"]]].tolist(),
        "Siren": block.firms.siren[rows["firm"]].tolist(),
        "Dt_effet": spelling.write(spelling.court, rows["effect"]),
        "Cat_v2": texts(["LJ", "RJ", "SV"])[action[rows["label"]]].tolist(),
        "Lib_actx_stdx": texts(list(LABELS))[rows["label"]].tolist(),
    }
    return _table("procol", columns, len(rows))


def _request_ids(block: Block, establishment: Ints, rank: Ints) -> Column:
    """Ids that no other establishment of the world has, whatever the block: the SIRET's own numbers and the rank."""
    firm = block.at.firm[establishment]
    local = establishment - np.flatnonzero(block.at.seat)[firm]
    keys = zip(block.firms.number[firm].tolist(), local.tolist(), rank.tolist(), strict=True)
    return quoted([f"{'ABCDEFGHJ'[place]}{number:07d}{order:03d}" for number, place, order in keys])


def _apdemande(block: Block, spelling: Spelling) -> Table:
    rows = block.partial.requests
    rows = rows[np.lexsort((rows["decided"], rows["rank"], rows["establishment"]))]
    place = rows["establishment"]
    end = _month_starts(block.calendar, rows["first"] + rows["months"]) - 1
    comma = (block.firms.number[block.at.firm[place]] % 5 == 0).astype(np.int64)
    columns = {
        "ID_DA": _request_ids(block, place, rows["rank"]),
        "ETAB_SIRET": quoted(block.at.siret[place].tolist()),
        "EFF_ENT": whole(rows["firm_headcount"]),
        "EFF_ETAB": whole(rows["headcount"]),
        "DATE_STATUT": quoted(spelling.write(spelling.iso, rows["decided"])),
        "DATE_DEB": quoted(spelling.write(spelling.iso, _month_starts(block.calendar, rows["first"]))),
        "DATE_FIN": quoted(spelling.write(spelling.iso, end)),
        "HTA": decimals(rows["hours"]),
        "MTA": quoted_if_needed(decimals(rows["hours"] * rows["rate"], comma)),
        "EFF_AUTO": whole(rows["authorised"]),
        "MOTIF_RECOURS_SE": whole(rows["reason"]),
        "PERIMETRE_AP": whole(1 + rows["rank"] % 3),
        "S_HEURE_CONSOM_TOT": decimals(rows["hours_used"]),
        "S_EFF_CONSOM_TOT": whole(rows["headcount_used"]),
        "S_MONTANT_CONSOM_TOT": quoted_if_needed(decimals(rows["hours_used"] * rows["rate"], comma)),
        "RECOURS_ANTERIEUR": whole((rows["rank"] > 0).astype(np.int64)),
    }
    return _table("apdemande", columns, len(rows))


def _month_starts(calendar: Calendar, index: Ints) -> Ints:
    """The first day (ordinal) of the months at indices, some of them beyond the calendar."""
    low = int(index.min(initial=0))
    high = int(index.max(initial=0)) + 1
    days = np.array([calendar.day(t) for t in range(low, high)], dtype=np.int64)
    starts: Ints = days[index - low]
    return starts


def _apconso(block: Block, spelling: Spelling) -> Table:
    rows = block.partial.uses
    rows = rows[np.lexsort((rows["month"], rows["rank"], rows["establishment"]))]
    place = rows["establishment"]
    inside = np.where(rows["rank"] % 9 == 4, 14, 0)
    columns = {
        "ID_DA": _request_ids(block, place, rows["rank"]),
        "ETAB_SIRET": quoted(block.at.siret[place].tolist()),
        "HEURES": decimals(rows["hours"]),
        "MONTANTS": decimals(rows["hours"] * rows["rate"]),
        "EFFECTIFS": decimals(rows["headcount"].astype(np.float64)),
        "MOIS": quoted(spelling.write(spelling.iso, _month_starts(block.calendar, rows["month"]) + inside)),
    }
    return _table("apconso", columns, len(rows))


def _wide(calendar: Calendar, headcount: Ints, unknown: Bools) -> list[Column]:
    """A column of cells a month written, empty where the headcount is unknown."""
    span = range(calendar.opens, calendar.length)
    pairs = [zip(headcount[t].tolist(), unknown[t].tolist(), strict=True) for t in span]
    return [["" if empty else str(count) for count, empty in pair] for pair in pairs]


def month_columns(calendar: Calendar) -> Column:
    """The month columns of the two wide kinds."""
    return [month_column(month) for month in calendar.months[calendar.opens :].tolist()]


def _absent(block: Block, firm: Ints) -> Bools:
    """Months x firms given: before a firm has employees, and two months after it has none any more."""
    employs = block.lives.employs[:, firm]
    lately = employs.copy()
    lately[1:] |= employs[:-1]
    lately[2:] |= employs[:-2]
    absent: Bools = ~lately
    return absent


def _effectif(block: Block) -> Table:
    accounts = block.accounts
    place, firm = accounts.establishment, accounts.firm
    fixed = [
        accounts.number.tolist(),
        block.at.siret[place].tolist(),
        block.firms.name[firm].tolist(),
        [code.replace(".", "") for code in sectors.NAF[block.firms.sector[firm]].tolist()],
        places.DEPARTMENTS[block.at.department[place]].tolist(),
    ]
    cells = _wide(block.calendar, block.headcount, block.unknown | _absent(block, firm))
    return Table("effectif", fixed + cells, np.zeros(len(accounts), dtype=np.bool_))


def _effectif_ent(block: Block) -> Table:
    everyone = np.arange(len(block.firms))
    lead = np.flatnonzero(np.diff(block.accounts.firm, prepend=-1))
    cells = _wide(block.calendar, block.firm_headcount, block.unknown[:, lead] | _absent(block, everyone))
    columns = [block.firms.siren.tolist(), *cells, block.firms.name.tolist()]
    return Table("effectif_ent", columns, np.zeros(len(block.firms), dtype=np.bool_))


def _gone(block: Block) -> Bools:
    """Firms without employees at extraction: the state that tells the future of old rows."""
    gone: Bools = ~block.lives.employs[-1]
    return gone


def _sirene(block: Block, spelling: Spelling) -> Table:
    at, firms = block.at, block.firms
    siret, department = at.siret.tolist(), places.DEPARTMENTS[at.department].tolist()
    place = ((firms.number[at.firm] * 37) % 90 + 1).tolist()
    created = spelling.write(spelling.iso, firms.created[at.firm])
    pairs = list(zip(department, place, strict=True))
    columns = {
        "siren": firms.siren[at.firm].tolist(),
        "nic": [text[9:] for text in siret],
        "siret": siret,
        "statutDiffusionEtablissement": ["O"] * len(at),
        "dateCreationEtablissement": created,
        "etablissementSiege": np.where(at.seat == 1, "true", "false").tolist(),
        "nombrePeriodesEtablissement": ["1"] * len(at),
        "typeVoieEtablissement": ["RUE"] * len(at),
        "libelleVoieEtablissement": ["DE L'ÉGLISE"] * len(at),
        "codePostalEtablissement": [places.postcode(code, number * 10) for code, number in pairs],
        "libelleCommuneEtablissement": ["COMMUNE " + str(number) for number in place],
        "codeCommuneEtablissement": [places.commune(code, number) for code, number in pairs],
        "dateDebut": created,
        "etatAdministratifEtablissement": np.where(_gone(block)[at.firm], "F", "A").tolist(),
        "activitePrincipaleEtablissement": sectors.NAF[firms.sector[at.firm]].tolist(),
        "nomenclatureActivitePrincipaleEtablissement": ["NAFRev2"] * len(at),
        "caractereEmployeurEtablissement": ["O"] * len(at),
    }
    return _table("sirene", columns, len(at))


def _sirene_ul(block: Block, spelling: Spelling) -> Table:
    firms = block.firms
    person = (firms.legal_form == "1000").tolist()
    seats = block.at.siret[np.flatnonzero(block.at.seat)].tolist()
    name = quoted_if_needed(firms.name.tolist())
    created = spelling.write(spelling.iso, firms.created)
    columns = {
        "siren": firms.siren.tolist(),
        "statutDiffusionUniteLegale": ["O"] * len(firms),
        "dateCreationUniteLegale": created,
        "nombrePeriodesUniteLegale": ["1"] * len(firms),
        "categorieEntreprise": np.where(firms.size < np.log(250), "PME", "ETI").tolist(),
        "dateDebut": created,
        "etatAdministratifUniteLegale": np.where(_gone(block), "C", "A").tolist(),
        "nomUniteLegale": [text if one else "" for text, one in zip(name, person, strict=True)],
        "denominationUniteLegale": ["" if one else text for text, one in zip(name, person, strict=True)],
        "categorieJuridiqueUniteLegale": firms.legal_form.tolist(),
        "activitePrincipaleUniteLegale": sectors.NAF[firms.sector].tolist(),
        "nomenclatureActivitePrincipaleUniteLegale": ["NAFRev2"] * len(firms),
        "nicSiegeUniteLegale": [text[9:] for text in seats],
        "caractereEmployeurUniteLegale": ["O"] * len(firms),
    }
    return _table("sirene_ul", columns, len(firms))
