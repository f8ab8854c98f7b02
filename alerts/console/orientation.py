"""The part of a firm's page that proposes support measures: what `orientation.html` has to know."""

from typing import Any

from alerts.alert import Alert
from alerts.cases import Case
from alerts.catalogue import Catalogue
from alerts.language import Language
from alerts.masking import Masked, alert_of, case_of
from alerts.orientation import proposals, situation
from alerts.orientation_wording import first, standing
from alerts.terminal import clean
from alerts.vocabulary import ANSWERS


def orientation_block(
    catalogue: Catalogue, case: Case, alert: Alert | None, masked: Masked, language: Language
) -> dict[str, Any]:
    """The measures that fit, each with what was proposed; then what was proposed and no longer fits.

    Nothing that is masked is told by what is proposed.
    """
    seen = alert_of(alert, masked, language) if alert else None
    fitting = proposals(catalogue, situation(case_of(case, masked), seen, masked))
    rows: list[dict[str, Any]] = [
        {
            "code": code,
            "title": clean(measure.title[language]),
            "text": clean(measure.text[language]),
            "first": first(pay_first, language) if pay_first else None,
            "contact": clean(measure.contact[language]),
            "source": measure.source,
        }
        for code, measure, pay_first in fitting
    ]
    shown = {row["code"] for row in rows}
    for code in case.proposed:
        if code not in shown:
            title = catalogue[code].title[language] if code in catalogue else code
            rows.append(dict.fromkeys(("text", "first", "contact", "source")) | {"code": code, "title": clean(title)})
    for row in rows:
        there = case.proposed.get(row["code"])
        row["standing"] = standing(there, language) if there else None
        row["open"] = there is None or there.outcome is not None
    return {"measures": rows, "answers": [(code, text[language]) for code, text in ANSWERS.items()]}
