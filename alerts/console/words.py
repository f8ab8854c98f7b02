"""The words of the pages that are not said elsewhere, in both languages."""

from collections.abc import Mapping

from alerts.language import LANGUAGES, Language
from alerts.listing import Order
from alerts.masking import Data
from alerts.quantities import QUANTITIES
from alerts.sectors import SECTIONS
from alerts.wording import THEMES

WORDS: dict[Language, dict[str, str]] = {
    "fr": {
        "title": "Vigie",
        "skip": "Aller au contenu",
        "firms": "Entreprises à suivre",
        "logout": "Se déconnecter",
        "login_title": "Se connecter",
        "login_note": "Connexion d'essai, sans mot de passe : choisissez qui vous êtes.",
        "login_who": "Personne",
        "provider_at": "Vous vous identifiez auprès de {provider}, puis revenez ici.",
        "provider_go": "S'identifier",
        "entered": "Vous êtes connecté",
        "asked_page": "La page demandée",
        "provider": "Connexion impossible pour le moment",
        "provider_note": "Le service d'identité ne répond pas. Réessayez dans un moment.",
        "refused_login": "Connexion refusée",
        "refused_login_note": "Le service d'identité n'a pas confirmé qui vous êtes, ou la demande a expiré. "
        "Recommencez.",
        "stranger": "Vous n'avez pas d'accès",
        "stranger_note": "Vous êtes identifié, mais aucun département ne vous est ouvert ici. La demande a été "
        "notée ; adressez-vous à qui gère les habilitations.",
        "login_go": "Entrer",
        "reads": "lecture",
        "works": "agent",
        "other_language": "English",
        "filters": "Filtres",
        "apply": "Afficher",
        "reset": "Effacer les filtres",
        "search": "Nom ou SIREN",
        "department": "Département",
        "every": "Tous",
        "level": "Niveau",
        "state": "État",
        "sector": "Secteur",
        "order": "Tri",
        "mine": "Seulement mes dossiers",
        "held_title": "Retenus par les filtres standards",
        "held_note": "Cochez pour les montrer.",
        "total": "{count} dossiers",
        "no_case": "Aucun dossier ne répond à ces filtres.",
        "firm": "Entreprise",
        "chance": "Probabilité",
        "why": "Pourquoi",
        "since": "Depuis",
        "who": "Qui s'en occupe",
        "nobody": "personne",
        "late": "attend depuis trop longtemps",
        "idle": "prise et laissée sans action",
        "gone": "L'alerte n'est plus conservée.",
        "previous_page": "Page précédente",
        "next_page": "Page suivante",
        "page": "Page {page} sur {pages}",
        "refresh": "Actualiser",
        "export": "Exporter :",
        "news": "nouveautés",
        "live_updated": "Liste mise à jour.",
        "live_off": "La mise à jour en direct est interrompue ; elle reprend seule.",
        "back": "Retour à la liste",
        "case": "Dossier",
        "why_title": "Pourquoi cette alerte",
        "themes": "Ce qui a fait bouger le risque",
        "themes_note": "Part de chaque thème dans la variation du score depuis la précédente évaluation (échelle "
        "logistique ; la somme est la variation entière).",
        "theme": "Thème",
        "share": "Contribution",
        "figures": "Chiffres",
        "figure": "Donnée",
        "before": "Avant",
        "now": "Maintenant",
        "sources": "Âge des données à la date de l'alerte",
        "source": "Source",
        "known_to": "Connues jusqu'au",
        "age": "Âge (jours)",
        "day": "Date",
        "moderate": "seuil modéré",
        "strong": "seuil fort",
        "history": "Historique",
        "take": "Prendre en charge",
        "follow": "Suivre",
        "snooze": "Mettre en sommeil",
        "withdraw": "Retirer de la liste",
        "release": "Rendre",
        "close": "Clore",
        "vote": "Donner un avis sur l'alerte",
        "note": "Commenter",
        "motive": "Motif",
        "outcome": "Issue",
        "reason": "Raison",
        "until": "Jusqu'au (9 mois au plus ; vide : 9 mois)",
        "for_months": "Durée",
        "months": "{count} mois",
        "for_good": "définitivement",
        "comment": "Commentaire",
        "useful": "L'alerte était utile",
        "useless": "L'alerte était inutile",
        "useless_reason": "Raison, si inutile",
        "orientation": "Mesures à proposer",
        "contact": "Contact :",
        "official_source": "Page officielle",
        "propose": "Noter que je l'ai proposée",
        "answer": "Noter la suite",
        "other_holder": "{holder} s'en occupe : seuls un avis et un commentaire sont possibles.",
        "reader_note": "Vous pouvez lire, non agir.",
        "masked": "Vos droits ne montrent pas : {what}.",
        "model": "Modèle {model}, alerte {alert}",
        "glass": "Accès exceptionnel",
        "glass_note": "Si vous devez voir cette entreprise, dites pourquoi. Elle vous est ouverte {hours} "
        "heures, en lecture ; votre nom, le motif et l'heure sont notés, et lus par les superviseurs du "
        "département.",
        "glass_go": "Voir quand même",
        "glass_open": "Accès exceptionnel, noté, jusqu'au {until} (UTC). Motif : {motive}",
        "glass_title": "Accès exceptionnels",
        "glass_days": "Entreprises de vos départements, {days} derniers jours.",
        "glass_none": "Aucun.",
        "reminder": "Ces informations sont confidentielles",
        "reminder_note": "Elles relèvent du secret professionnel : ne les communiquez qu'à qui doit en "
        "connaître, et jamais à l'entreprise ni à ses créanciers. Chaque consultation est notée.",
        "reminder_go": "J'en prends acte",
        "403": "Ce n'est pas à vous",
        "403_note": "Ce département ou cette action ne fait pas partie de vos droits. La demande a été notée.",
        "404": "Introuvable",
        "404_note": "Il n'y a rien à cette adresse.",
        "400": "Demande incomprise",
        "400_note": "Revenez à la page précédente et recommencez.",
        "413": "Trop de dossiers pour un fichier",
        "413_note": "Rien n'a été écrit : un fichier tronqué tromperait. Resserrez les filtres et recommencez. La "
        "demande a été notée.",
        "csrf": "Formulaire refusé",
        "csrf_note": "Le formulaire ne vient pas de votre session, ou elle a pris fin. Rouvrez la page et recommencez.",
        "503": "Données inaccessibles",
        "503_note": "Redis ne répond pas, ou refuse. Réessayez dans un moment ; la page dira où en est le dossier.",
    },
    "en": {
        "title": "Vigie",
        "skip": "Skip to content",
        "firms": "Firms to deal with",
        "logout": "Log out",
        "login_title": "Log in",
        "login_note": "A login for trying out, without a password: choose who you are.",
        "login_who": "Person",
        "provider_at": "You identify yourself at {provider}, and come back here.",
        "provider_go": "Identify yourself",
        "entered": "You are logged in",
        "asked_page": "The page that was asked for",
        "provider": "No login for the moment",
        "provider_note": "The identity service does not answer. Try again in a moment.",
        "refused_login": "Login refused",
        "refused_login_note": "The identity service has not confirmed who you are, or it took too long. Start again.",
        "stranger": "You have no access",
        "stranger_note": "You are identified, and no department is open to you here. The request has been noted; ask "
        "who manages the rights.",
        "login_go": "Enter",
        "reads": "reader",
        "works": "agent",
        "other_language": "Français",
        "filters": "Filters",
        "apply": "Show",
        "reset": "Clear the filters",
        "search": "Name or SIREN",
        "department": "Department",
        "every": "All",
        "level": "Level",
        "state": "State",
        "sector": "Sector",
        "order": "Order",
        "mine": "Only my cases",
        "held_title": "Held back by the standard filters",
        "held_note": "Tick to show them.",
        "total": "{count} cases",
        "no_case": "No case answers these filters.",
        "firm": "Firm",
        "chance": "Probability",
        "why": "Why",
        "since": "Since",
        "who": "Who deals with it",
        "nobody": "nobody",
        "late": "has waited too long",
        "idle": "taken and left without an action",
        "gone": "The alert is not kept any more.",
        "previous_page": "Previous page",
        "next_page": "Next page",
        "page": "Page {page} of {pages}",
        "refresh": "Refresh",
        "export": "Export:",
        "news": "new",
        "live_updated": "The list is up to date.",
        "live_off": "Live updates are interrupted; they go on by themselves.",
        "back": "Back to the list",
        "case": "Case",
        "why_title": "Why this alert",
        "themes": "What moved the risk",
        "themes_note": "What each theme added to the score since the previous one (log-odds; the sum is the whole "
        "change).",
        "theme": "Theme",
        "share": "Contribution",
        "figures": "Figures",
        "figure": "Figure",
        "before": "Before",
        "now": "Now",
        "sources": "Age of the data at the date of the alert",
        "source": "Source",
        "known_to": "Known to",
        "age": "Age (days)",
        "day": "Date",
        "moderate": "moderate threshold",
        "strong": "strong threshold",
        "history": "History",
        "take": "Take",
        "follow": "Follow",
        "snooze": "Snooze",
        "withdraw": "Withdraw from the list",
        "release": "Release",
        "close": "Close",
        "vote": "Judge the alert",
        "note": "Comment",
        "motive": "Motive",
        "outcome": "Outcome",
        "reason": "Reason",
        "until": "Until (9 months at most; empty: 9 months)",
        "for_months": "For",
        "months": "{count} months",
        "for_good": "for good",
        "comment": "Comment",
        "useful": "The alert was of use",
        "useless": "The alert was of no use",
        "useless_reason": "Reason, if of no use",
        "orientation": "Measures to propose",
        "contact": "Contact:",
        "official_source": "Official page",
        "propose": "Note that I proposed it",
        "answer": "Note what came of it",
        "other_holder": "{holder} deals with it: only a judgement and a comment are possible.",
        "reader_note": "You may read, and not act.",
        "masked": "Your rights do not show: {what}.",
        "model": "Model {model}, alert {alert}",
        "glass": "Exceptional access",
        "glass_note": "If you have to see this firm, say why. It is open to you for {hours} hours, to read; "
        "your name, the motive and the time are noted, and read by the supervisors of the department.",
        "glass_go": "See it all the same",
        "glass_open": "Exceptional access, noted, until {until} (UTC). Motive: {motive}",
        "glass_title": "Exceptional accesses",
        "glass_days": "Firms of your departments, last {days} days.",
        "glass_none": "None.",
        "reminder": "This is confidential",
        "reminder_note": "It is under professional secrecy: tell it only to who has to know, and never to the "
        "firm or its creditors. Each view is noted.",
        "reminder_go": "I take note",
        "403": "Not yours",
        "403_note": "This department or action is not among your rights. The request has been noted.",
        "404": "Not found",
        "404_note": "There is nothing at this address.",
        "400": "Not understood",
        "400_note": "Go back to the page before and try again.",
        "413": "Too many cases for a file",
        "413_note": "Nothing was written: a file cut short would mislead. Narrow the filters and try again. The "
        "request has been noted.",
        "csrf": "Form refused",
        "csrf_note": "The form is not of your session, or that has ended. Open the page again and try again.",
        "503": "Data out of reach",
        "503_note": "Redis does not answer, or refuses. Try again in a moment; the page will say how the case stands.",
    },
}

DATA_WORDS: dict[Language, dict[Data, str]] = {
    "fr": {
        "score": "le score et ses raisons",
        "urssaf": "les données de l'URSSAF",
        "dgefp": "l'activité partielle (DGEFP)",
        "bdf": "les données de la Banque de France",
    },
    "en": {
        "score": "the score and its reasons",
        "urssaf": "the data of URSSAF",
        "dgefp": "partial unemployment (DGEFP)",
        "bdf": "the data of the Bank of France",
    },
}

ORDER_WORDS: dict[Language, dict[Order, str]] = {
    "fr": {
        "priority": "priorité",
        "newest": "alerte la plus récente",
        "probability": "probabilité",
        "oldest": "dossier le plus ancien",
        "name": "nom",
    },
    "en": {
        "priority": "priority",
        "newest": "latest alert",
        "probability": "probability",
        "oldest": "oldest case",
        "name": "name",
    },
}

_FIELDS: dict[str, dict[Language, str]] = {
    "schedule_running": {"fr": "échéancier de paiement en cours (0 ou 1)", "en": "payment schedule running (0 or 1)"},
    "expert_rule": {"fr": "règle métier remplie (0 ou 1)", "en": "expert rule met (0 or 1)"},
    "in_proceeding": {"fr": "en procédure collective (0 ou 1)", "en": "in a collective procedure (0 or 1)"},
}
_MODEL: dict[Language, str] = {"fr": "le modèle ou l'ensemble des entreprises", "en": "the model or the whole of firms"}


def language_of(accepted: str, default: Language) -> Language:
    """The language that a browser asks for first among ours.

    >>> language_of("en-GB,en;q=0.9,fr;q=0.8", "fr"), language_of("de", "fr")
    ('en', 'fr')
    """
    wanted: list[tuple[float, Language]] = []
    for part in accepted.split(","):
        name, _, weight = part.strip().partition(";q=")
        for language in LANGUAGES:
            if name.lower().partition("-")[0] == language:
                wanted.append((_weight(weight), language))
    return max(wanted, key=lambda item: item[0], default=(0.0, default))[1]


def _weight(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0


def theme_name(theme: str, language: Language) -> str:
    """A theme as a table names it; its own code where nothing is known of it."""
    return _capital(_MODEL[language] if theme == "model" else THEMES[language].get(theme, theme))


def field_name(field: str, language: Language) -> str:
    """A field of the evidence as a table names it; its own code where nothing is known of it."""
    quantity = QUANTITIES.get(field)
    if quantity is not None:
        return _capital(quantity.fr if language == "fr" else quantity.en)
    return _capital(_FIELDS[field][language]) if field in _FIELDS else field


def sectors() -> Mapping[str, str]:
    """The names of the sections by letter; INSEE has them in French."""
    return {letter: name for letter, _, _, name in SECTIONS}


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
