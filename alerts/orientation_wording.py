"""Proposed measures in the reader's language, as printable lines."""

from collections.abc import Mapping, Sequence

from alerts.cases import Case, Proposed
from alerts.catalogue import Catalogue
from alerts.language import WIDE, Language, day, euros
from alerts.orientation import Proposal
from alerts.terminal import clean
from alerts.vocabulary import worded
from alerts.wording import typeset

_TITLE: dict[Language, str] = {"fr": "Mesures à proposer :", "en": "Measures to propose:"}
_CONTACT: dict[Language, str] = {"fr": "Contact :", "en": "Contact:"}


def lines(found: Sequence[Proposal], case: Case, language: Language) -> list[str]:
    """A title and, for each measure, its name and code, what it is, whom to contact, its source; what was proposed."""
    told = []
    for code, measure, pay_first in found:
        state = standing(case.proposed[code], language) if code in case.proposed else ""
        told.append(f"  • {clean(measure.title[language])} [{code}]{f' – {state}' if state else ''}")
        told.append(f"    {clean(measure.text[language])}")
        if pay_first:
            told.append(f"    {first(pay_first, language)}")
        told.append(f"    {_CONTACT[language]} {clean(measure.contact[language])} · {clean(measure.source)}")
    # What was proposed stays in sight where it no longer fits, or has left the catalogue.
    fitting = {proposal.code for proposal in found}
    told += [
        f"  • [{clean(code)}] – {standing(proposed, language)}"
        for code, proposed in case.proposed.items()
        if code not in fitting
    ]
    return [typeset(line, language) for line in [_TITLE[language], *told]] if told else []


def first(unpaid_euros: float, language: Language) -> str:
    """What has to be done before a measure that wants the employee share paid."""
    amount = euros(unpaid_euros, language)
    if language == "fr":
        return f"D'abord{WIDE}: verser la part salariale impayée ({amount})."
    return f"First: pay the unpaid employee share ({amount})."


def standing(proposed: Proposed, language: Language) -> str:
    """Who proposed a measure, when, and what came of it, in one line."""
    by = f"{'par' if language == 'fr' else 'by'} {clean(proposed.by)}"
    text = f"{'proposée' if language == 'fr' else 'proposed'} {by}, {day(proposed.at.date(), language)}"
    if proposed.outcome:
        text += (
            f" ; {worded(proposed.outcome, language)}"
            if language == "fr"
            else f"; {worded(proposed.outcome, language)}"
        )
    if proposed.comment:
        text += f" « {clean(proposed.comment)} »" if language == "fr" else f" “{clean(proposed.comment)}”"
    return typeset(text, language)


def tally(catalogue: Catalogue, counts: Mapping[str, int], language: Language) -> list[tuple[str, str, dict[str, int]]]:
    """Every measure with its name and its counts (`proposed`, and by outcome) among a desk's; ones no more in the
    catalogue too.
    """
    found: dict[str, dict[str, int]] = {code: {} for code in catalogue}
    for field, count in counts.items():
        what, _, rest = field.partition(":")
        if what == "measure":
            code, _, outcome = rest.partition(":")
            found.setdefault(code, {})[outcome] = count
    return [
        (code, catalogue[code].title[language] if code in catalogue else code, numbers)
        for code, numbers in found.items()
    ]
