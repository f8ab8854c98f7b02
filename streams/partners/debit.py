"""`debit`: contributions unpaid to URSSAF, one row a version of a debt (the highest is what is outstanding now)."""

from collections.abc import Iterable
from datetime import date
from operator import itemgetter

from detectors.events import PaymentDelay
from detectors.months import first_day, month_of
from streams.partners.column import Column
from streams.partners.firm_of import establishment, establishments
from streams.partners.flags import FLAG_DIGIT
from streams.partners.identifiers import SIREN, SIRET
from streams.partners.kind import Kind, each, header_names
from streams.partners.numbers import CENTS, WHOLE
from streams.partners.row import Row
from streams.partners.rows import Fields, Rows
from streams.partners.texts import ACCOUNT, TEXT, code_text
from streams.partners.urssaf import URSSAF_DATE, URSSAF_PERIOD

_LAST_DAY_OF_THE_MONTH_IN_HAND = 20
"""URSSAF's rule: what is processed up to this day belongs to the month's tables, later to the next month's."""

FIRM = Column("Siren", "the firm; read only where Siret is empty", SIREN, presence="optional")
ESTABLISHMENT = Column("Siret", "the establishment", SIRET, presence="present")
ACCOUNT_NUMBER = Column("num_cpte", "URSSAF account", ACCOUNT)
PERIOD = Column("Periode", "the period whose contribution is unpaid", URSSAF_PERIOD)
SEQUENCE = Column("Num_Ecn", "the debt's number; comes back for later periods of the same account", ACCOUNT)
VERSION = Column("Num_Hist_Ecn", "the debt's version", WHOLE)
PROCESSED_ON = Column("Dt_trt_ecn", "when URSSAF booked this version", URSSAF_DATE)
EMPLOYEE_SHARE = Column("Mt_PO", "employees' share outstanding, in cents", CENTS, unit="euros")
EMPLOYER_SHARE = Column("Mt_PP", "employer's share outstanding, in cents", CENTS, unit="euros")
ACCOUNT_STATE = Column("Etat_cpte", "state of the account", WHOLE, presence="optional")
PROCEEDING_CODE = Column("Cd_pro_col", "collective proceeding of the account", TEXT, presence="optional")
OPERATION_CODE = Column("Cd_op_ecn", "operation that made the version", TEXT, presence="optional")
REASON_CODE = Column("Motif_ecn", "reason of the debt", TEXT, presence="optional")
DISPUTED = Column("Recours_en_cours", "an appeal is under way", FLAG_DIGIT, presence="optional")


def counted_from(processed_on: date) -> date:
    """The month, as its first day, that the network's monthly tables book a version to.

    >>> counted_from(date(2018, 12, 21))
    datetime.date(2019, 1, 1)
    """
    return first_day(month_of(processed_on) + (processed_on.day > _LAST_DAY_OF_THE_MONTH_IN_HAND))


def _parse(row: Row) -> list[PaymentDelay]:
    siren, siret = establishment(row, ESTABLISHMENT, FIRM)
    processed_on = row.known(PROCESSED_ON, row.need(PROCESSED_ON))
    start, end = row.need(PERIOD)
    event = PaymentDelay(
        siren=siren,
        siret=siret,
        known_at=processed_on,
        account=row.need(ACCOUNT_NUMBER),
        period_start=start,
        period_end=end,
        sequence=row.need(SEQUENCE),
        version=row.need(VERSION),
        employee_share=row.need(EMPLOYEE_SHARE),
        employer_share=row.need(EMPLOYER_SHARE),
        counted_from=counted_from(processed_on),
        account_state=row.may(ACCOUNT_STATE),
        proceeding_code=row.may(PROCEEDING_CODE),
        operation_code=row.may(OPERATION_CODE),
        reason_code=row.may(REASON_CODE),
        disputed=row.may(DISPUTED),
    )
    return [event]


def _parse_many(rows: Rows) -> Fields:
    siren, siret = establishments(rows, ESTABLISHMENT, FIRM)
    processed_on = rows.known(rows.need_coded(PROCESSED_ON))
    period = rows.need_coded(PERIOD)
    return {
        "siren": siren,
        "siret": siret,
        "known_at": processed_on,
        "account": rows.need(ACCOUNT_NUMBER),
        "period_start": period.map(itemgetter(0)),
        "period_end": period.map(itemgetter(1)),
        "sequence": rows.need(SEQUENCE),
        "version": rows.need(VERSION),
        "employee_share": rows.need(EMPLOYEE_SHARE),
        "employer_share": rows.need(EMPLOYER_SHARE),
        "counted_from": processed_on.map(counted_from),
        "account_state": rows.may(ACCOUNT_STATE),
        "proceeding_code": rows.may(PROCEEDING_CODE),
        "operation_code": rows.may(OPERATION_CODE),
        "reason_code": rows.may(REASON_CODE),
        "disputed": rows.may(DISPUTED),
    }


def _cells(event: PaymentDelay) -> Iterable[tuple[str, str]]:
    return (
        FIRM.cell(event.siren),
        ESTABLISHMENT.cell(event.siret),
        ACCOUNT_NUMBER.cell(event.account),
        PERIOD.cell((event.period_start, event.period_end)),
        SEQUENCE.cell(event.sequence),
        VERSION.cell(event.version),
        PROCESSED_ON.cell(event.known_at),
        EMPLOYEE_SHARE.cell(event.employee_share),
        EMPLOYER_SHARE.cell(event.employer_share),
        ACCOUNT_STATE.cell(event.account_state),
        PROCEEDING_CODE.cell(code_text(event.proceeding_code)),
        OPERATION_CODE.cell(code_text(event.operation_code)),
        REASON_CODE.cell(code_text(event.reason_code)),
        DISPUTED.cell(event.disputed),
    )


KIND = Kind(
    name="debit",
    about="unpaid contributions (URSSAF)",
    delimiter=";",
    header=header_names(
        "Urssaf_gestion;Dep;num_cpte;Siren;Siret;Dt_immat;Etat_cpte;Cd_pro_col;Periode;Num_Ecn;Num_Hist_Ecn;"
        "Dt_trt_ecn;Mt_PO;Mt_PP;Cd_op_ecn;Motif_ecn;Recours_en_cours"
    ),
    columns=(
        FIRM,
        ESTABLISHMENT,
        ACCOUNT_NUMBER,
        PERIOD,
        SEQUENCE,
        VERSION,
        PROCESSED_ON,
        EMPLOYEE_SHARE,
        EMPLOYER_SHARE,
        ACCOUNT_STATE,
        PROCEEDING_CODE,
        OPERATION_CODE,
        REASON_CODE,
        DISPUTED,
    ),
    event=PaymentDelay,
    parse=_parse,
    parse_many=_parse_many,
    rows=each(_cells),
)
