"""`procol`: collective proceedings opened against firms."""

from collections.abc import Iterable
from operator import attrgetter
from typing import NamedTuple, get_args

from detectors.events import InsolvencyProceeding, ProceedingAction
from streams.partners.column import BadValue, Column, Format
from streams.partners.dates import SAS_DATE
from streams.partners.firm_of import establishment, establishments
from streams.partners.identifiers import SIREN, SIRET
from streams.partners.kind import Kind, each, header_names
from streams.partners.row import Row
from streams.partners.rows import Fields, Rows


class Proceeding(NamedTuple):
    """The two halves of a proceeding's label."""

    action: ProceedingAction
    stage: str | None


_ACTIONS: tuple[ProceedingAction, ...] = get_args(ProceedingAction)
_LONGEST_LABEL = 1024


def parse_label(text: str) -> Proceeding:
    """The action and, of what is left, the stage. The action is the first token between underscores that holds one.

    >>> parse_label("Solde_procedure_redressement")
    Proceeding(action='redressement', stage='solde_procedure')
    """
    if len(text) > _LONGEST_LABEL:
        raise BadValue(f"longer than {_LONGEST_LABEL} characters", text)
    tokens = text.lower().split("_")
    for place, token in enumerate(tokens):
        for action in _ACTIONS:
            if action in token:
                return Proceeding(action, "_".join(tokens[:place] + tokens[place + 1 :]) or None)
    raise BadValue("has no liquidation, redressement or sauvegarde between its underscores", text)


def _write_label(proceeding: Proceeding) -> str:
    # The action comes first, so that a stage which names another one does not take its place.
    return "_".join(part for part in proceeding if part)


ESTABLISHMENT = Column("Siret", "the establishment", SIRET, presence="present")
FIRM = Column("Siren", "the firm; read only where Siret is empty", SIREN, presence="optional")
EFFECTIVE_ON = Column("Dt_effet", "when it took effect", SAS_DATE)
LABEL = Column("Lib_actx_stdx", "what was opened, and how far it is", Format(parse_label, _write_label))


def _parse(row: Row) -> list[InsolvencyProceeding]:
    siren, siret = establishment(row, ESTABLISHMENT, FIRM)
    effective_on = row.known(EFFECTIVE_ON, row.need(EFFECTIVE_ON))
    action, stage = row.need(LABEL)
    event = InsolvencyProceeding(
        siren=siren, siret=siret, known_at=effective_on, effective_on=effective_on, action=action, stage=stage
    )
    return [event]


def _parse_many(rows: Rows) -> Fields:
    siren, siret = establishments(rows, ESTABLISHMENT, FIRM)
    effective_on = rows.known(rows.need_coded(EFFECTIVE_ON))
    label = rows.need_coded(LABEL)
    return {
        "siren": siren,
        "siret": siret,
        "known_at": effective_on,
        "effective_on": effective_on,
        "action": label.map(attrgetter("action")),
        "stage": label.map(attrgetter("stage")),
    }


def _cells(event: InsolvencyProceeding) -> Iterable[tuple[str, str]]:
    return (
        ESTABLISHMENT.cell(event.siret),
        FIRM.cell(event.siren),
        EFFECTIVE_ON.cell(event.effective_on),
        LABEL.cell(Proceeding(event.action, event.stage)),
    )


KIND = Kind(
    name="procol",
    about="collective proceedings",
    delimiter=";",
    header=header_names("Siret;Siren;Dt_effet;Cat_v2;Lib_actx_stdx"),
    columns=(ESTABLISHMENT, FIRM, EFFECTIVE_ON, LABEL),
    event=InsolvencyProceeding,
    parse=_parse,
    parse_many=_parse_many,
    rows=each(_cells),
)
