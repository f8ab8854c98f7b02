"""What pages say of broken glass."""

from collections.abc import Sequence
from typing import Any

from alerts.case_wording import stamp
from alerts.console.glass import REPORT_DAYS, Broken
from alerts.console.pages import department_name
from alerts.console.words import WORDS
from alerts.headline import siren
from alerts.language import Language
from alerts.terminal import clean


def glass_words(broken: Broken, language: Language) -> str:
    """What a firm's page says to who broke the glass for it."""
    return WORDS[language]["glass_open"].format(until=stamp(broken.until, language), motive=clean(broken.motive))


def glass_page(found: Sequence[Broken], language: Language) -> dict[str, Any]:
    """The supervisors' page, the last one first."""
    rows = [
        (
            stamp(item.at, language),
            clean(item.name),
            department_name(item.department, language),
            siren(item.siren),
            clean(item.motive),
        )
        for item in reversed(found)
    ]
    return {"rows": rows, "days": REPORT_DAYS}
