"""The sections of the NAF rev. 2 (INSEE, 2008), by which agents tell sectors apart."""

SECTIONS: tuple[tuple[str, int, int, str], ...] = (
    ("A", 1, 3, "Agriculture, sylviculture et pêche"),
    ("B", 5, 9, "Industries extractives"),
    ("C", 10, 33, "Industrie manufacturière"),
    ("D", 35, 35, "Électricité, gaz, vapeur et air conditionné"),
    ("E", 36, 39, "Eau, assainissement, déchets et dépollution"),
    ("F", 41, 43, "Construction"),
    ("G", 45, 47, "Commerce ; réparation d'automobiles et de motocycles"),
    ("H", 49, 53, "Transports et entreposage"),
    ("I", 55, 56, "Hébergement et restauration"),
    ("J", 58, 63, "Information et communication"),
    ("K", 64, 66, "Activités financières et d'assurance"),
    ("L", 68, 68, "Activités immobilières"),
    ("M", 69, 75, "Activités spécialisées, scientifiques et techniques"),
    ("N", 77, 82, "Activités de services administratifs et de soutien"),
    ("O", 84, 84, "Administration publique"),
    ("P", 85, 85, "Enseignement"),
    ("Q", 86, 88, "Santé humaine et action sociale"),
    ("R", 90, 93, "Arts, spectacles et activités récréatives"),
    ("S", 94, 96, "Autres activités de services"),
    ("T", 97, 98, "Activités des ménages en tant qu'employeurs"),
    ("U", 99, 99, "Activités extra-territoriales"),
)
"""Letter, first and last division, name."""

LETTERS = frozenset(letter for letter, *_ in SECTIONS)


def section(activity: str | None) -> str | None:
    """The section's letter of a NAF code.

    >>> section("25.62B"), section(None)
    ('C', None)
    """
    digits = (activity or "")[:2]
    if not (len(digits) == 2 and digits.isascii() and digits.isdecimal()):
        return None
    return next((letter for letter, first, last, _ in SECTIONS if first <= int(digits) <= last), None)
