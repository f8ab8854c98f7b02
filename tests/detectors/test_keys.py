"""Keys to numbers: the same wherever a key stands, and no two alike."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.keys import hash_keys

# A zero byte pads keys in a column; no partner writes one.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@settings(max_examples=200, deadline=None)
@given(st.lists(texts, min_size=1, max_size=20))
def test_a_key_is_the_same_in_any_column(keys: list[str]) -> None:
    column = hash_keys(keys)
    assert column.tolist() == [hash_keys([key])[0] for key in keys]
    assert hash_keys([*keys[::-1], "x" * 200])[:-1].tolist() == column[::-1].tolist()


@settings(max_examples=200, deadline=None)
@given(st.sets(texts, min_size=2, max_size=20))
def test_keys_that_differ_have_other_numbers(keys: set[str]) -> None:
    assert len(np.unique(hash_keys(sorted(keys)))) == len(keys)


def test_numbers_are_the_same_in_every_process_and_version() -> None:
    # Written down once: state kept by an earlier version is found by these.
    numbers = hash_keys(["r|732829320|R1", "é" * 9]).tolist()
    assert [hex(number) for number in numbers] == ["0xee4472ac94b8f9ad", "0xe9da097c0278f164"]


def test_a_column_of_no_keys() -> None:
    assert hash_keys([]).shape == (0,)
    assert hash_keys([]).dtype == np.uint64


def test_a_million_keys_as_the_partners_write_them_do_not_collide() -> None:
    keys = [
        f"d|{siren:09d}|{siren:09d}{site:05d}|11700{siren % 97:07d}|{2015 + year}-{month:02d}-01|"
        f"{2015 + year}-{month + 1:02d}-01|{sequence}"
        for siren in range(732_800_000, 732_805_000)
        for site in (11, 29)
        for year in range(5)
        for month in range(1, 11)
        for sequence in (101, 102)
    ]
    assert len(keys) == 10**6
    assert len(np.unique(hash_keys(keys))) == 10**6
