"""`apdemande`: requests for partial unemployment; a later DATE_STATUT of the same ID_DA replaces the earlier one."""

from collections.abc import Iterable

from detectors.events import PartialUnemploymentRequest
from streams.partners.column import BadValue, Column, Format
from streams.partners.dates import ISO_DATE
from streams.partners.firm_of import establishment, establishments
from streams.partners.identifiers import SIRET
from streams.partners.kind import Kind, each, header_names
from streams.partners.numbers import COUNT, EUROS, HOURS, parse_whole
from streams.partners.row import Row
from streams.partners.rows import Fields, Rows
from streams.partners.texts import ACCOUNT, TEXT, code_text

_REASONS = range(1, 8)


def parse_reason(text: str) -> int:
    """A reason: 1 economic, 2 supply, 3 disaster or weather, 4 restructuring, 5 exceptional, 6 and 7 unknown.

    >>> parse_reason("1")
    1
    """
    reason = parse_whole(text)
    if reason not in _REASONS:
        raise BadValue("not a reason from 1 to 7", text)
    return reason


REQUEST = Column("ID_DA", "the request", ACCOUNT)
ESTABLISHMENT = Column("ETAB_SIRET", "the establishment", SIRET)
FIRM_HEADCOUNT = Column("EFF_ENT", "employees of the firm", COUNT, unit="people", presence="optional")
HEADCOUNT = Column("EFF_ETAB", "employees of the establishment", COUNT, unit="people", presence="optional")
DECIDED_ON = Column("DATE_STATUT", "when the request reached its state", ISO_DATE)
START = Column("DATE_DEB", "first day asked for", ISO_DATE, presence="optional")
END = Column("DATE_FIN", "last day asked for", ISO_DATE, presence="optional")
HOURS_AUTHORISED = Column("HTA", "hours authorised", HOURS, unit="hours", presence="optional")
AMOUNT = Column("MTA", "amount authorised", EUROS, unit="euros", presence="optional")
AUTHORISED_HEADCOUNT = Column("EFF_AUTO", "employees authorised", COUNT, unit="people", presence="optional")
REASON = Column("MOTIF_RECOURS_SE", "why, 1 to 7", Format(parse_reason, str), presence="optional")
SCOPE = Column("PERIMETRE_AP", "scope", TEXT, presence="optional")
HOURS_USED = Column("S_HEURE_CONSOM_TOT", "hours used at extraction", HOURS, unit="hours", presence="optional")
HEADCOUNT_USED = Column("S_EFF_CONSOM_TOT", "employees at extraction", COUNT, unit="people", presence="optional")
AMOUNT_USED = Column("S_MONTANT_CONSOM_TOT", "amount used at extraction", EUROS, unit="euros", presence="optional")


def _parse(row: Row) -> list[PartialUnemploymentRequest]:
    siren, siret = establishment(row, ESTABLISHMENT)
    event = PartialUnemploymentRequest(
        siren=siren,
        siret=siret,
        known_at=row.known(DECIDED_ON, row.need(DECIDED_ON)),
        request_id=row.need(REQUEST),
        firm_headcount=row.may(FIRM_HEADCOUNT),
        headcount=row.may(HEADCOUNT),
        start=row.may(START),
        end=row.may(END),
        hours=row.may(HOURS_AUTHORISED),
        amount=row.may(AMOUNT),
        authorised_headcount=row.may(AUTHORISED_HEADCOUNT),
        reason=row.may(REASON),
        scope=row.may(SCOPE),
        hours_used=row.may(HOURS_USED),
        headcount_used=row.may(HEADCOUNT_USED),
        amount_used=row.may(AMOUNT_USED),
    )
    return [event]


def _parse_many(rows: Rows) -> Fields:
    siren, siret = establishments(rows, ESTABLISHMENT)
    return {
        "siren": siren,
        "siret": siret,
        "known_at": rows.known(rows.need_coded(DECIDED_ON)),
        "request_id": rows.need(REQUEST),
        "firm_headcount": rows.may(FIRM_HEADCOUNT),
        "headcount": rows.may(HEADCOUNT),
        "start": rows.may(START),
        "end": rows.may(END),
        "hours": rows.may(HOURS_AUTHORISED),
        "amount": rows.may(AMOUNT),
        "authorised_headcount": rows.may(AUTHORISED_HEADCOUNT),
        "reason": rows.may(REASON),
        "scope": rows.may(SCOPE),
        "hours_used": rows.may(HOURS_USED),
        "headcount_used": rows.may(HEADCOUNT_USED),
        "amount_used": rows.may(AMOUNT_USED),
    }


def _cells(event: PartialUnemploymentRequest) -> Iterable[tuple[str, str]]:
    return (
        REQUEST.cell(event.request_id),
        ESTABLISHMENT.cell(event.siret),
        FIRM_HEADCOUNT.cell(event.firm_headcount),
        HEADCOUNT.cell(event.headcount),
        DECIDED_ON.cell(event.known_at),
        START.cell(event.start),
        END.cell(event.end),
        HOURS_AUTHORISED.cell(event.hours),
        AMOUNT.cell(event.amount),
        AUTHORISED_HEADCOUNT.cell(event.authorised_headcount),
        REASON.cell(event.reason),
        SCOPE.cell(code_text(event.scope)),
        HOURS_USED.cell(event.hours_used),
        HEADCOUNT_USED.cell(event.headcount_used),
        AMOUNT_USED.cell(event.amount_used),
    )


KIND = Kind(
    name="apdemande",
    about="partial-unemployment requests",
    delimiter=",",
    header=header_names(
        "ID_DA,ETAB_SIRET,EFF_ENT,EFF_ETAB,DATE_STATUT,DATE_DEB,DATE_FIN,HTA,MTA,EFF_AUTO,MOTIF_RECOURS_SE,"
        "PERIMETRE_AP,S_HEURE_CONSOM_TOT,S_EFF_CONSOM_TOT,S_MONTANT_CONSOM_TOT,RECOURS_ANTERIEUR"
    ),
    columns=(
        REQUEST,
        ESTABLISHMENT,
        FIRM_HEADCOUNT,
        HEADCOUNT,
        DECIDED_ON,
        START,
        END,
        HOURS_AUTHORISED,
        AMOUNT,
        AUTHORISED_HEADCOUNT,
        REASON,
        SCOPE,
        HOURS_USED,
        HEADCOUNT_USED,
        AMOUNT_USED,
    ),
    event=PartialUnemploymentRequest,
    parse=_parse,
    parse_many=_parse_many,
    rows=each(_cells),
)
