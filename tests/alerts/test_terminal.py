import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.terminal import clean, clean_json

HOSTILE = [
    "\x1b[2J\x1b[H",  # clears the screen
    "\x1b]0;owned\x07",  # sets the window's title
    "\x9b31m",  # the eight-bit form of the same escapes
    "\x1b]8;;http://evil/\x1b\\here",  # a link
    "A\r\nAlerte : FAUSSE",  # a line of its own
    "DUMONT\u2028FAUX",
    "\u202eTNOMUD",  # written backwards
    "\ufeff\u200bDUMONT",
    "\ud800",
    "\x00\x08\x7f",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_becomes_one_harmless_line(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    assert cleaned != text
    assert cleaned.isprintable()
    assert cleaned.encode()


@given(text=st.text())
def test_cleaned_text_holds_no_control_and_keeps_the_rest(text: str) -> None:
    cleaned = clean(text)
    assert all(unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for letter in cleaned)
    assert all(after in (before, "\ufffd") for before, after in zip(text, cleaned, strict=True))
    assert clean(cleaned) == cleaned


def test_french_names_stay_as_they_are() -> None:
    name = "Établissements L’Œuvre & Fils — 1\u202f200\u00a0m²"
    assert clean(name) == name


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_json_keeps_its_content_without_what_a_terminal_obeys(text: str) -> None:
    line = clean_json(json.dumps({"name": text}, ensure_ascii=False))
    assert json.loads(line) == {"name": text}
    assert not any(unicodedata.category(letter) in {"Cc", "Zl", "Zp"} for letter in line)
    assert "\u202e" not in line
