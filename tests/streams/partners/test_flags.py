import pytest

from streams.partners.column import BadValue
from streams.partners.flags import parse_flag


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("true", True), ("True", True), ("0", False), ("FALSE", False)]
)
def test_flags(text: str, value: bool) -> None:
    assert parse_flag(text) is value


@pytest.mark.parametrize("text", ["2", "oui", "O", "01"])
def test_what_is_no_flag(text: str) -> None:
    with pytest.raises(BadValue):
        parse_flag(text)
