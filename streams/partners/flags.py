"""Yes or no, as partners write it."""

from streams.partners.column import BadValue, Format

_FLAGS = {"1": True, "true": True, "0": False, "false": False}


def parse_flag(text: str) -> bool:
    """1, true, 0 or false, in any case.

    >>> parse_flag("TRUE")
    True
    """
    try:
        return _FLAGS[text.lower()]
    except KeyError:
        raise BadValue("neither 0 or false nor 1 or true", text) from None


def _write_digit(value: bool) -> str:
    return "1" if value else "0"


def _write_word(value: bool) -> str:
    return "true" if value else "false"


FLAG_DIGIT: Format[bool] = Format(parse_flag, _write_digit)
FLAG_WORD: Format[bool] = Format(parse_flag, _write_word)
