import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.language import LANGUAGES, Language, euros, number, percent, plural, probability, signed, signed_percent

values = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [
        (0, "0\u00a0€", "€0"),
        (1234567.4, "1\u202f234\u202f567\u00a0€", "€1,234,567"),
        (-0.4, "0\u00a0€", "€0"),
        (-1500, "−1\u202f500\u00a0€", "−€1,500"),
    ],
)
def test_amounts_are_whole_euros(value: float, french: str, english: str) -> None:
    assert (euros(value, "fr"), euros(value, "en")) == (french, english)


def test_decimals_are_commas_in_french() -> None:
    assert number(1234.56, "fr", 1) == "1\u202f234,6"
    assert signed(1.44, "fr", 1) == "+1,4"
    assert signed(0.04, "fr", 1) == "0,0"
    assert signed_percent(-0.021, "fr") == "−2,1\u00a0%"
    assert signed_percent(0.05, "fr") == "+5\u00a0%"
    assert percent(0.0996, "fr") == "10\u00a0%"


def test_a_probability_is_never_certain_nor_nil_unless_it_is() -> None:
    assert [probability(p, "fr") for p in (0, 0.0001, 0.004, 0.34, 0.9999, 1)] == [
        "0\u00a0%",
        "moins de 0,1\u00a0%",
        "0,4\u00a0%",
        "34\u00a0%",
        "plus de 99\u00a0%",
        "100\u00a0%",
    ]


def test_the_plural_begins_at_two_in_french() -> None:
    assert [plural(n, "fr") for n in (0, 1, 1.9, 2)] == [False, False, False, True]
    assert [plural(n, "en") for n in (0, 1, 1.9, 2)] == [True, False, True, True]


@given(value=values, language=st.sampled_from(LANGUAGES), decimals=st.integers(0, 3))
def test_a_number_reads_back(value: float, language: Language, decimals: int) -> None:
    text = number(value, language, decimals)
    plain = text.replace("\u202f", "").replace(",", "." if language == "fr" else "").replace("−", "-")
    assert float(plain) == float(f"{value:.{decimals}f}")
