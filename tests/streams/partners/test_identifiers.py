import pytest

from streams.partners.column import BadValue
from streams.partners.identifiers import parse_siren, parse_siret


def test_digits_alone_count() -> None:
    # It fails the Luhn check, as some real ones do.
    assert parse_siret("00000000000001") == "00000000000001"


@pytest.mark.parametrize(
    "text", ["", "12345678", "1234567890", "12345678A", "12345678٤", "12345678²", "1 2345678", "123456789\n"]
)
def test_what_is_no_siren(text: str) -> None:
    with pytest.raises(BadValue, match="not a SIREN of 9 digits"):
        parse_siren(text)


@pytest.mark.parametrize("text", ["1234567890123", "123456789012345", "1234567890123.", "+1234567890123"])
def test_what_is_no_siret(text: str) -> None:
    with pytest.raises(BadValue, match="not a SIRET of 14 digits"):
        parse_siret(text)
