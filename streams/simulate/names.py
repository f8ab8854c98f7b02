"""Invented names of firms: French to the ear, of roots that no register holds."""

import numpy as np

_HEADS = "Brav Corv Dalm Ézan Fauv Grim Hourt Jolv Kerg Lomb Malv Norv Orsiv Pelg Quinç Rév Sauv Trév Ursol Vaud Zéph"
_MIDDLES = "a é i o ou an en ai au è"
_TAILS = "nelle dier guet villon stel zac rmont çay thou lune brac ndol quin sson verne zeau"
_PATTERNS = (
    "{}",
    "Ateliers {}",
    "Établissements {}",
    "{} et Fils",
    "L'Atelier de {}",
    "Société {}",
    "Groupe {}",
    "Les Fournils {}",
    "{} Bâtiment",
    "{} Services",
    "Transports {}",
    "{} Ingénierie",
    "Maison {}",
    "L'Entreprise {}",
    "{} & Associés",
    "Garage {}",
    "{} Hôtellerie",
    "Traiteur {}, père et fils",
    'Comptoir "{}"',
)


def names(rng: np.random.Generator, count: int) -> list[str]:
    """Names for `count` firms, in capitals or not, as registers hold them; some have commas, quotes, apostrophes."""
    heads, middles, tails = _HEADS.split(), _MIDDLES.split(), _TAILS.split()
    draws = rng.random((count, 6)).tolist()
    return [_name(draw, heads, middles, tails) for draw in draws]


def surnames(rng: np.random.Generator, count: int) -> list[str]:
    """Invented surnames, for firms that are a person."""
    heads, middles, tails = _HEADS.split(), _MIDDLES.split(), _TAILS.split()
    return [_root(draw, heads, middles, tails).upper() for draw in rng.random((count, 6)).tolist()]


def _root(draw: list[float], heads: list[str], middles: list[str], tails: list[str]) -> str:
    return _pick(draw[0], heads) + _pick(draw[1], middles) + _pick(draw[2], tails)


def _name(draw: list[float], heads: list[str], middles: list[str], tails: list[str]) -> str:
    name = _pick(draw[3], list(_PATTERNS)).format(_root(draw, heads, middles, tails))
    return name.upper() if draw[4] < 0.7 else name


def _pick(draw: float, among: list[str]) -> str:
    return among[int(draw * len(among))]
