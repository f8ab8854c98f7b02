"""`delai`: payment schedules granted by URSSAF."""

from collections.abc import Iterable

from detectors.events import PaymentSchedule
from streams.partners.column import Column
from streams.partners.dates import FRENCH_DATE
from streams.partners.firm_of import establishment, establishments
from streams.partners.identifiers import SIRET
from streams.partners.kind import Kind, each, header_names
from streams.partners.numbers import EUROS, WHOLE
from streams.partners.row import Row
from streams.partners.rows import Fields, Rows
from streams.partners.texts import ACCOUNT, TEXT, code_text

ESTABLISHMENT = Column("Siret", "the establishment", SIRET)
ACCOUNT_NUMBER = Column("Numero_compte_externe", "URSSAF account", ACCOUNT, presence="optional")
CASE_NUMBER = Column("Numero_structure", "the schedule's case number", ACCOUNT)
CREATED_ON = Column("Date_creation", "when the schedule was granted", FRENCH_DATE)
DUE_ON = Column("Date_echeance", "when the last payment is due", FRENCH_DATE, presence="optional")
DURATION = Column("Duree_delai", "length of the schedule", WHOLE, unit="days", presence="optional")
AMOUNT = Column("Montant_global_echeancier", "debt spread over the schedule", EUROS, unit="euros", presence="optional")
STAGE = Column("Code_externe_stade", "state at extraction", TEXT, presence="optional")
ACTION = Column("Code_externe_action", "decision", TEXT, presence="optional")


def _parse(row: Row) -> list[PaymentSchedule]:
    siren, siret = establishment(row, ESTABLISHMENT)
    created_on = row.known(CREATED_ON, row.need(CREATED_ON))
    event = PaymentSchedule(
        siren=siren,
        siret=siret,
        known_at=created_on,
        account=row.may(ACCOUNT_NUMBER),
        case_number=row.need(CASE_NUMBER),
        created_on=created_on,
        due_on=row.may(DUE_ON),
        duration_days=row.may(DURATION),
        amount=row.may(AMOUNT),
        stage=row.may(STAGE),
        action=row.may(ACTION),
    )
    return [event]


def _parse_many(rows: Rows) -> Fields:
    siren, siret = establishments(rows, ESTABLISHMENT)
    created_on = rows.known(rows.need_coded(CREATED_ON))
    return {
        "siren": siren,
        "siret": siret,
        "known_at": created_on,
        "account": rows.may(ACCOUNT_NUMBER),
        "case_number": rows.need(CASE_NUMBER),
        "created_on": created_on,
        "due_on": rows.may(DUE_ON),
        "duration_days": rows.may(DURATION),
        "amount": rows.may(AMOUNT),
        "stage": rows.may(STAGE),
        "action": rows.may(ACTION),
    }


def _cells(event: PaymentSchedule) -> Iterable[tuple[str, str]]:
    return (
        ESTABLISHMENT.cell(event.siret),
        ACCOUNT_NUMBER.cell(event.account),
        CASE_NUMBER.cell(event.case_number),
        CREATED_ON.cell(event.created_on),
        DUE_ON.cell(event.due_on),
        DURATION.cell(event.duration_days),
        AMOUNT.cell(event.amount),
        STAGE.cell(code_text(event.stage)),
        ACTION.cell(code_text(event.action)),
    )


KIND = Kind(
    name="delai",
    about="payment schedules (URSSAF)",
    delimiter=";",
    header=header_names(
        "Urssaf_gestion;Dep;Siret;Numero_compte_externe;Numero_structure;Date_creation;Date_echeance;Duree_delai;"
        "Denomination_premiere_ligne;Indic_6M;Annee_creation;Montant_global_echeancier;Code_externe_stade;"
        "Code_externe_action"
    ),
    columns=(ESTABLISHMENT, ACCOUNT_NUMBER, CASE_NUMBER, CREATED_ON, DUE_ON, DURATION, AMOUNT, STAGE, ACTION),
    event=PaymentSchedule,
    parse=_parse,
    parse_many=_parse_many,
    rows=each(_cells),
)
