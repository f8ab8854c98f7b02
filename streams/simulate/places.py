"""Departments with their rough share of French employers, and how a department shows in codes."""

import numpy as np

from streams.simulate.arrays import Floats, Texts, texts

_WEIGHTS = (
    "01:9 02:6 03:5 04:3 05:3 06:20 07:5 08:4 09:2 10:5 11:6 12:5 13:35 14:11 15:2 16:5 17:11 18:4 19:4 2A:3 2B:3 "
    "21:8 22:9 23:1 24:6 25:8 26:9 27:8 28:6 29:14 30:11 31:25 32:3 33:30 34:22 35:19 36:3 37:9 38:22 39:4 40:7 41:5 "
    "42:13 43:3 44:26 45:10 46:3 47:5 48:1 49:13 50:8 51:9 52:2 53:4 54:10 55:2 56:12 57:15 58:3 59:42 60:11 61:4 "
    "62:20 63:10 64:12 65:4 66:8 67:19 68:12 69:38 70:3 71:8 72:8 73:9 74:16 75:90 76:19 77:20 78:21 79:6 80:8 81:6 "
    "82:4 83:17 84:11 85:12 86:6 87:5 88:5 89:5 90:2 91:18 92:45 93:27 94:22 95:17 971:6 972:5 973:3 974:10 976:2"
)

_PAIRS = [pair.split(":") for pair in _WEIGHTS.split()]
DEPARTMENTS: Texts = texts([code for code, _ in _PAIRS])
SHARES: Floats = np.array([float(weight) for _, weight in _PAIRS])
SHARES = SHARES / SHARES.sum()


def commune(department: str, number: int) -> str:
    """A commune's INSEE code of five characters; overseas the department takes three of them."""
    return department + str(number % (100 if len(department) == 3 else 1000)).zfill(5 - len(department))


def postcode(department: str, number: int) -> str:
    """A postcode; both Corsican departments share 20."""
    prefix = "20" if department in {"2A", "2B"} else department
    return prefix + str(number % (100 if len(prefix) == 3 else 1000)).zfill(5 - len(prefix))
