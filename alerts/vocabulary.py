"""The words in which agents say why and with what outcome: the codes of the network, and how each is read.

The codes are those of the network's own tools, so that statistics go on; `injoignable` and the reasons of votes are
Vigie's.
"""

from collections.abc import Mapping

from alerts.language import Language

Words = Mapping[str, Mapping[Language, str]]

OTHER = "autre"
"""In any vocabulary that has it: wants a comment."""

MOTIVES: Words = {
    "detection": {"fr": "présente dans une liste de détection", "en": "found by detection"},
    "source_externe": {
        "fr": "difficultés connues par l'écosystème local ou la presse",
        "en": "difficulties known from local partners or the press",
    },
    "source_interne": {
        "fr": "contact de l'entreprise ou d'un partenaire direct",
        "en": "contacted by the firm or a direct partner",
    },
    OTHER: {"fr": "autre motif", "en": "another reason"},
}
"""Why a firm is followed."""

CANCELS: Words = {
    "erreur": {"fr": "prise par erreur", "en": "taken by mistake"},
    "inadequat": {"fr": "sera traitée par quelqu'un d'autre", "en": "somebody else will deal with it"},
    "indisponible": {"fr": "nouvelles priorités", "en": "other priorities"},
}
"""Why a taken firm is released."""

UNFOLLOWS: Words = {
    "actions": {"fr": "une ou plusieurs actions menées", "en": "one or more actions were taken"},
    "aucune_action": {"fr": "aucune action menée", "en": "no action was taken"},
}
"""With what a followed firm is released."""

OUTCOMES: Words = {
    "besoin": {"fr": "l'entreprise a besoin d'être accompagnée", "en": "the firm needs support"},
    "refus": {
        "fr": "l'entreprise ne souhaite pas être prise en charge",
        "en": "the firm does not want to be supported",
    },
    "ok": {"fr": "l'entreprise n'a pas besoin de prise en charge", "en": "the firm needs no support"},
    "injoignable": {"fr": "l'entreprise est injoignable", "en": "the firm cannot be reached"},
}
"""With what a case is closed."""

USELESS: Words = {
    "deja_connue": {"fr": "entreprise déjà connue ou suivie", "en": "already known or supported"},
    "sans_difficulte": {"fr": "pas de difficulté réelle", "en": "no real difficulty"},
    "donnees_fausses": {"fr": "données fausses ou trop anciennes", "en": "wrong or outdated data"},
    "trop_tard": {"fr": "alerte trop tardive", "en": "too late"},
    OTHER: {"fr": "autre raison", "en": "another reason"},
}
"""Why an alert was of no use."""

ANSWERS: Words = {
    "demande": {"fr": "l'entreprise en fait la demande", "en": "the firm applies for it"},
    "accorde": {"fr": "accordée", "en": "granted"},
    "rejete": {"fr": "refusée par l'organisme", "en": "refused by whom it was asked of"},
    "decline": {"fr": "l'entreprise n'en veut pas", "en": "the firm does not want it"},
    "sans_suite": {"fr": "restée sans suite", "en": "nothing came of it"},
}
"""What came of a measure that was proposed."""

ENDS: Words = {
    "lowered": {"fr": "le risque est retombé", "en": "the risk has fallen"},
    "proceeding": {"fr": "l'entreprise est en procédure collective", "en": "the firm is in a collective procedure"},
    "moved": {"fr": "l'entreprise a changé de département", "en": "the firm has moved to another department"},
}
"""How a case ends by itself."""

_ALL: Words = {**MOTIVES, **CANCELS, **UNFOLLOWS, **OUTCOMES, **USELESS, **ANSWERS, **ENDS}


def worded(code: str, language: Language) -> str:
    """What a code of any of these vocabularies says; the code itself where it is of none."""
    words = _ALL.get(code)
    return words[language] if words else code
