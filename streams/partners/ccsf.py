"""`ccsf`: decisions of the commission of the heads of the financial services."""

from collections.abc import Iterable

from detectors.events import DebtCommission
from streams.partners.column import Column
from streams.partners.firm_of import establishment, establishments
from streams.partners.identifiers import SIRET
from streams.partners.kind import Kind, each, header_names
from streams.partners.row import Row
from streams.partners.rows import Fields, Rows
from streams.partners.texts import ACCOUNT, TEXT, code_text
from streams.partners.urssaf import URSSAF_DATE

ESTABLISHMENT = Column("Siret", "the establishment", SIRET)
ACCOUNT_NUMBER = Column("Compte", "URSSAF account", ACCOUNT, presence="optional")
PROCESSED_ON = Column("Date_de_traitement", "when the decision was booked", URSSAF_DATE)
STAGE = Column("Code_externe_stade", "stage of the case", TEXT, presence="optional")
ACTION = Column("Code_externe_action", "decision", TEXT, presence="optional")


def _parse(row: Row) -> list[DebtCommission]:
    siren, siret = establishment(row, ESTABLISHMENT)
    processed_on = row.known(PROCESSED_ON, row.need(PROCESSED_ON))
    event = DebtCommission(
        siren=siren,
        siret=siret,
        known_at=processed_on,
        account=row.may(ACCOUNT_NUMBER),
        processed_on=processed_on,
        stage=row.may(STAGE),
        action=row.may(ACTION),
    )
    return [event]


def _parse_many(rows: Rows) -> Fields:
    siren, siret = establishments(rows, ESTABLISHMENT)
    processed_on = rows.known(rows.need_coded(PROCESSED_ON))
    return {
        "siren": siren,
        "siret": siret,
        "known_at": processed_on,
        "account": rows.may(ACCOUNT_NUMBER),
        "processed_on": processed_on,
        "stage": rows.may(STAGE),
        "action": rows.may(ACTION),
    }


def _cells(event: DebtCommission) -> Iterable[tuple[str, str]]:
    return (
        ESTABLISHMENT.cell(event.siret),
        ACCOUNT_NUMBER.cell(event.account),
        PROCESSED_ON.cell(event.processed_on),
        STAGE.cell(code_text(event.stage)),
        ACTION.cell(code_text(event.action)),
    )


KIND = Kind(
    name="ccsf",
    about="decisions of the financial services commission (URSSAF)",
    delimiter=";",
    header=header_names("Urssaf_gestion;Dep;Siret;Compte;Date_de_traitement;Code_externe_stade;Code_externe_action"),
    columns=(ESTABLISHMENT, ACCOUNT_NUMBER, PROCESSED_ON, STAGE, ACTION),
    event=DebtCommission,
    parse=_parse,
    parse_many=_parse_many,
    rows=each(_cells),
)
