import pytest

from streams.partners.column import BadValue
from streams.partners.insee import parse_commune_department, parse_postal_department


@pytest.mark.parametrize(
    ("code", "department"),
    [
        ("01004", "01"), ("75056", "75"), ("2A004", "2A"), ("2B033", "2B"), ("97411", "974"), ("98818", "988"),
        ("96000", "96"), ("20004", None), ("[ND]", None),
    ],
)  # fmt: skip
def test_communes(code: str, department: str | None) -> None:
    assert parse_commune_department(code) == department


@pytest.mark.parametrize(
    ("code", "department"),
    [
        ("01000", "01"),
        ("20000", "2A"),
        ("20167", "2A"),
        ("20200", "2B"),
        ("20600", "2B"),
        ("97400", "974"),
        ("[ND]", None),
    ],
)
def test_postal_codes(code: str, department: str | None) -> None:
    assert parse_postal_department(code) == department


@pytest.mark.parametrize("code", ["1004", "2C004", "750566", "7505A"])
def test_what_is_no_code(code: str) -> None:
    with pytest.raises(BadValue):
        parse_commune_department(code)
    with pytest.raises(BadValue):
        parse_postal_department(code)
