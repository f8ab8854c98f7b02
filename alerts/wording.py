"""The reasons of an alert in the reader's language, from its structured data alone.

The themes that pushed the score the way the alert goes come first, the strongest at the top: one sentence each, with
the values that moved. No input makes it fail: what it does not know, it says in general words.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from operator import attrgetter

from alerts.alert import Evidence, Kind, Theme, Tier
from alerts.language import WIDE, Language, known, number
from alerts.quantities import clause, moved, theme_of

MOST_THEMES = 3
MOST_CLAUSES = 3
SMALLEST_SHARE = 0.1
"""A theme below this share of the whole push is not a reason."""

TIERS: dict[Language, dict[Tier, str]] = {
    "fr": {"strong": "risque fort", "moderate": "risque modéré", "none": "hors alerte"},
    "en": {"strong": "strong risk", "moderate": "moderate risk", "none": "no alert"},
}

THEMES: dict[Language, dict[str, str]] = {
    "fr": {
        "debt": "la dette sociale",
        "contributions": "le paiement des cotisations",
        "partial-unemployment": "l'activité partielle",
        "headcount": "l'évolution de l'effectif",
        "schedules": "le recours aux délais de paiement",
        "profile": "le profil de l'entreprise (taille, activité, ancienneté du suivi)",
    },
    "en": {
        "debt": "social-security debt",
        "contributions": "the payment of contributions",
        "partial-unemployment": "partial unemployment",
        "headcount": "the course of the headcount",
        "schedules": "the use of payment schedules",
        "profile": "the profile of the firm (size, activity, time followed)",
    },
}
_MODEL: dict[Language, dict[bool, str]] = {
    "fr": {
        True: "Le modèle ou l'ensemble des entreprises a changé : à situation égale, le risque est jugé plus élevé.",
        False: "Le modèle ou l'ensemble des entreprises a changé : à situation égale, le risque est jugé plus faible.",
    },
    "en": {
        True: "The model or the whole of firms has changed: the same situation is now given a higher risk.",
        False: "The model or the whole of firms has changed: the same situation is now given a lower risk.",
    },
}
_contribution = attrgetter("contribution")
_FRENCH_SPACES = (
    (" :", f"{WIDE}:"), (" %", f"{WIDE}%"), (" »", f"{WIDE}»"), ("« ", f"«{WIDE}"), (" ;", "\u202f;"),
)  # fmt: skip
_SENTENCES = ("expert_rule", "in_proceeding")
"""Fields that have a sentence of their own."""
_EFFECT: dict[Language, dict[bool, str]] = {
    "fr": {True: "accroît le risque", False: "réduit le risque"},
    "en": {True: "raises the risk", False: "lowers the risk"},
}
_OTHER_THEME: dict[Language, str] = {"fr": "un autre facteur (« {theme} »)", "en": "another factor (“{theme}”)"}
_OTHER_FIELDS: dict[Language, str] = {"fr": "Autres données : {changes}.", "en": "Other data: {changes}."}
_UNKNOWN_VALUE: dict[Language, str] = {"fr": "inconnu", "en": "unknown"}
_RULE: dict[Language, dict[bool, str]] = {
    "fr": {
        True: "Règle métier : en trois mois, la dette a augmenté de plus de 20 % de la cotisation mensuelle moyenne.",
        False: "La règle métier sur la hausse de la dette ne s'applique plus.",
    },
    "en": {
        True: "Expert rule: in three months the debt grew by more than 20% of the mean monthly contribution.",
        False: "The expert rule on the growth of the debt no longer holds.",
    },
}
_ENTERED: dict[Language, str] = {
    "fr": "L'entreprise est entrée en procédure collective : son risque n'est plus évalué.",
    "en": "The firm has entered a collective procedure: its risk is no longer assessed.",
}
_NO_REASON: dict[Language, dict[bool, str]] = {
    "fr": {
        True: "Le niveau passe de « {before} » à « {now} » sans qu'un facteur domine.",
        False: "Le risque change, au niveau « {now} », sans qu'un facteur domine.",
    },
    "en": {
        True: "The level goes from “{before}” to “{now}” and no factor stands out.",
        False: "The risk changes, at the level “{now}”, and no factor stands out.",
    },
}


def reasons(
    kind: Kind,
    tier: Tier,
    previous_tier: Tier,
    themes: Sequence[Theme],
    evidence: Sequence[Evidence],
    language: Language = "fr",
) -> list[str]:
    """Why the alert was raised: at least one sentence, the strongest theme's first."""
    strongest = _strongest(themes, kind != "lowered")
    told = _by_theme(evidence, [None, *(theme.theme for theme in strongest)])
    texts = [_theme_sentence(theme, told[theme.theme], language) for theme in strongest]
    others = told[None]
    texts = [_ENTERED[language] for item in others if item.field == "in_proceeding" and known(item.value)] + texts
    texts += _rule_sentence(others, language)
    texts += _other_fields(others, language)
    if not texts:
        names = TIERS[language]
        text = _NO_REASON[language][tier != previous_tier]
        texts = [text.format(before=names.get(previous_tier, previous_tier), now=names.get(tier, tier))]
    return [typeset(text, language) for text in texts]


def _by_theme(evidence: Iterable[Evidence], themes: Iterable[str | None]) -> dict[str | None, list[Evidence]]:
    """The evidence of each of these themes; None has what belongs to no theme at all."""
    found: dict[str | None, list[Evidence]] = {theme: [] for theme in themes}
    for item in evidence:
        of = found.get(theme_of(item.field))
        if of is not None:
            of.append(item)
    return found


def _strongest(themes: Iterable[Theme], rising: bool) -> list[Theme]:
    """The themes that pushed the alert's way: none where a rule or a threshold moved the level against the score."""
    pushing = [theme for theme in themes if known(theme.contribution) and (theme.contribution > 0) == rising]
    pushing.sort(key=_contribution, reverse=rising)
    least = SMALLEST_SHARE * abs(sum(map(_contribution, pushing)))
    return [theme for theme in pushing[:MOST_THEMES] if abs(theme.contribution) >= least]


def _theme_sentence(theme: Theme, evidence: Sequence[Evidence], language: Language) -> str:
    rising = theme.contribution > 0
    if theme.theme == "model":
        return _MODEL[language][rising]
    name = THEMES[language].get(theme.theme) or _OTHER_THEME[language].format(theme=theme.theme)
    text = f"{name[0].upper()}{name[1:]} {_EFFECT[language][rising]}"
    clauses = _clauses(evidence, language)
    if not clauses:
        return f"{text}."
    return f"{text}{' :' if language == 'fr' else ':'} {_joined(clauses, language)}."


def _clauses(evidence: Sequence[Evidence], language: Language) -> list[str]:
    """What moved of a theme's evidence; where nothing did, what is known."""
    telling = [item for item in evidence if moved(item, language)] or list(evidence)
    # What has a before is said first: it is what changed.
    telling.sort(key=lambda item: known(item.previous) is None)
    return list(islice((text for item in telling if (text := clause(item, language))), MOST_CLAUSES))


def _joined(clauses: list[str], language: Language) -> str:
    if len(clauses) < 2:
        return clauses[0]
    return ", ".join(clauses[:-1]) + (" et " if language == "fr" else " and ") + clauses[-1]


def _rule_sentence(evidence: Sequence[Evidence], language: Language) -> list[str]:
    rule = next((item for item in evidence if item.field == "expert_rule"), None)
    if rule is None or not (known(rule.value) or known(rule.previous)):
        return []
    return [_RULE[language][bool(known(rule.value))]]


def _other_fields(evidence: Sequence[Evidence], language: Language) -> list[str]:
    strange = [item for item in evidence if item.field not in _SENTENCES and moved(item, language)]
    if not strange:
        return []
    changes = ", ".join(
        f"{item.field} ({_plain(item.previous, language)} → {_plain(item.value, language)})"
        for item in strange[:MOST_CLAUSES]
    )
    return [_OTHER_FIELDS[language].format(changes=changes)]


def _plain(value: float | None, language: Language) -> str:
    value = known(value)
    return _UNKNOWN_VALUE[language] if value is None else number(value, language, 0 if value == int(value) else 2)


def typeset(text: str, language: Language) -> str:
    """French spaces before punctuation never break the line."""
    if language != "fr":
        return text
    for loose, fast in _FRENCH_SPACES:
        text = text.replace(loose, fast)
    return text
