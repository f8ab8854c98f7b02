"""Text from files and from other programs, made harmless before it is printed.

A firm's name is chosen by whoever registers it: a terminal must not obey what stands in it, nor a reader be shown
letters in another order than they are.
"""

import re
import unicodedata

REPLACEMENT = "\ufffd"

_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_ESCAPED = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def clean(text: str) -> str:
    r"""One printable line: control characters, line breaks, direction marks and invisible ones become U+FFFD.

    >>> clean("DUMONT\x1b[31m") == "DUMONT\ufffd[31m"
    True
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(REPLACEMENT if unicodedata.category(letter) in _UNSAFE else letter for letter in text)


def clean_json(line: str) -> str:
    r"""One line of JSON with the same content, in which what a terminal may obey is written \uXXXX.

    The line must be valid JSON without line breaks: below U+0020 it has nothing left to escape.
    """
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
