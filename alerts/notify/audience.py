"""What a subscription's owner may be told: what they would see in the console, by the same rules. Pure.

Asked when something is sent, and again at each try: rights and cases may have changed since it was held.
"""

from pathlib import Path

import msgspec

from alerts import clearance
from alerts.alert import Alert
from alerts.cases import Case
from alerts.history import Entry
from alerts.language import Language
from alerts.listing import Query
from alerts.masking import Masked, action_of, alert_of, case_of, entry_of
from alerts.notify.ledger import Held
from alerts.notify.message import GATHERED, Item
from alerts.notify.subscriptions import Subscription
from alerts.routing import QUEUES
from alerts.scope import OutOfScope, Person, decide, person_of, queried, what_of


def owners(path: Path) -> dict[str, Person]:
    """Whose subscriptions may be: those tables of the clearance file that see a department. Raises UnusableInput."""
    return {name: person_of(found) for name, found in clearance.tables(path).items() if found.queues}


def why_not(subscription: Subscription, owner: Person | None) -> str | None:
    """Why nothing at all may be told; None: something may."""
    if owner is None:
        return f"{subscription.owner} sees no department, by the clearance file"
    wanted = Query(
        departments=(),
        tiers=subscription.tiers,
        kinds=subscription.kinds,
        least_debt_euros=subscription.least_debt_euros,
    )
    try:
        queried(wanted, owner)
    except OutOfScope as error:
        return str(error)
    return None


def notice_of(entry: Entry, masked: Masked) -> tuple[str, str]:
    """How an entry is to be told, `push` or `digest`, and why it was not pushed, as far as that may be known."""
    # What tells of the score is left: who has a part of the alerts only is told of each of these.
    details = entry_of(entry, masked - {"score"}).details
    return details.get("notice", ""), details.get("why", "")


def wants(subscription: Subscription, entry: Entry, case: Case, masked: Masked) -> bool:
    """Whether a subscription asks to be told of an entry about a case."""
    return notice_of(entry, masked)[0] in subscription.notices and subscription.fits(case)


def may_see(owner: Person, case: Case) -> bool:
    """Whether the owner sees a case."""
    return decide(owner, what_of(case, owner), "see").allowed


def was_named(subscription: Subscription, queue: str) -> bool:
    """Whether a subscription asks for a department by name, and not just for all that its owner sees."""
    return subscription.departments != QUEUES and queue in subscription.departments


def shown(held: Held, case: Case, alert: Alert | None, masked: Masked, language: Language) -> Item:
    """What is told, without what is masked."""
    why = GATHERED if held.why == "schedule" and "urssaf" in masked else held.why
    return Item(
        msgspec.structs.replace(held, action=action_of(held.action, masked), why=why),
        case_of(case, masked),
        alert and alert_of(alert, masked, language),
    )
