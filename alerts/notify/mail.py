"""A message as a mail: plain text, and the same as simple HTML. Nothing of a firm is in its subject."""

import hashlib
from collections import Counter
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

from alerts.case_wording import HOLD_WORDS, summary
from alerts.language import Language, number
from alerts.notify.message import GATHERED, Item, Message, page
from alerts.notify.subscriptions import Subscription
from alerts.rendering import reasons_in
from alerts.terminal import clean
from alerts.wording import typeset

_WHY: dict[Language, dict[str, str]] = {
    "fr": {
        "cap": "au-delà des messages permis par heure",
        "budget": "au-delà du budget mensuel du département",
        "late": "alerte ancienne",
    },
    "en": {
        "cap": "beyond the messages allowed an hour",
        "budget": "beyond the department's monthly budget",
        "late": "an old alert",
    },
}


def mail(
    message: Message, name: str, subscription: Subscription, sender: str, console: str | None, at: datetime
) -> EmailMessage:
    """The mail of a message; its id is the same whenever the same is sent again."""
    language = subscription.language
    made = EmailMessage()
    made["From"] = sender
    made["To"] = ", ".join(subscription.to)
    made["Subject"] = f"Vigie – {_count(message, language)} ({name})"
    made["Date"] = format_datetime(at)
    made["Message-ID"] = f"<{hashlib.sha256(f'{name} {message.id}'.encode()).hexdigest()[:32]}@vigie.invalid>"
    made["Auto-Submitted"] = "auto-generated"
    intro = introduction(message, language)
    blocks = [_lines(item, language, scored=message.scored) for item in message.items]
    links = [page(item.case, console) for item in message.items]
    made.set_content(_text(intro, blocks, links))
    made.add_alternative(_html(intro, blocks, links, language), subtype="html")
    return made


def introduction(message: Message, language: Language) -> str:
    """How many alerts there are, how many of them were held, and why."""
    reasons = Counter({why: count for why, count in message.why.items() if why and why != GATHERED})
    text = f"{_count(message, language)}."
    if reasons:
        parts = ", ".join(f"{number(count, language)} ({_worded(why, language)})" for why, count in reasons.items())
        text += f" {'Retenues jusqu’ici :' if language == 'fr' else 'Held until now:'} {parts}."
    if message.remaining:
        rest = number(message.remaining, language)
        text += (
            f" {rest} autres suivront dans le prochain récapitulatif."
            if language == "fr"
            else f" {rest} more follow in the next digest."
        )
    return typeset(text, language)


def _worded(why: str, language: Language) -> str:
    """Why an alert was held: beside the reasons above, one of the standard filters."""
    held = {hold: words for hold, words in HOLD_WORDS[language].items() if hold == why}
    return _WHY[language].get(why) or next(iter(held.values()), clean(why))


def _count(message: Message, language: Language) -> str:
    count = len(message.items)
    word = ("alerte", "alertes") if language == "fr" else ("alert", "alerts")
    return f"{number(count, language)} {word[count != 1]}"


def _lines(item: Item, language: Language, *, scored: bool) -> list[str]:
    """A firm: its level, name and place; how it stands; why."""
    reasons = [clean(reason) for reason in reasons_in(item.alert, language)] if item.alert else []
    return [*(line.strip() for line in summary(item.case, language, scored=scored)), *reasons]


def _text(intro: str, blocks: list[list[str]], links: list[str | None]) -> str:
    parts = [
        "\n".join([first, *(f"  {line}" for line in (*rest, *([link] if link else [])))])
        for (first, *rest), link in zip(blocks, links, strict=True)
    ]
    return "\n\n".join([intro, *parts]) + "\n"


def _html(intro: str, blocks: list[list[str]], links: list[str | None], language: Language) -> str:
    word = "Ouvrir le dossier" if language == "fr" else "Open the case"
    items = []
    for (first, *rest), link in zip(blocks, links, strict=True):
        lines = "".join(f"<br>{escape(line)}" for line in rest)
        more = f'<br><a href="{escape(link)}">{word}</a>' if link else ""
        items.append(f"<li><strong>{escape(first)}</strong>{lines}{more}</li>")
    return f'<html lang="{language}"><body><p>{escape(intro)}</p><ul>{"".join(items)}</ul></body></html>\n'
