import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.archive import Archive

SIRENS = st.integers(1, 40)


@given(st.lists(st.dictionaries(SIRENS, st.binary(max_size=5), max_size=8), max_size=12))
def test_it_has_of_each_firm_what_was_kept_last(rounds: list[dict[int, bytes]]) -> None:
    archive, expected = Archive(), dict[int, bytes]()
    for kept in rounds:
        archive.keep(np.array(list(kept), np.uint32), list(kept.values()))
        expected |= kept
    assert len(archive) == len(expected)
    assert archive.sirens.tolist() == list(expected)
    asked = np.arange(1, 41, dtype=np.uint32)
    places = archive.find(asked)
    assert [siren for siren, place in zip(asked.tolist(), places.tolist(), strict=True) if place < 0] == sorted(
        set(asked.tolist()) - expected.keys()
    )
    there = places >= 0
    assert dict(zip(asked[there].tolist(), archive.at(places[there].tolist()), strict=True)) == expected


def test_many_firms() -> None:
    archive, sirens = Archive(), np.arange(5_000, dtype=np.uint32) * 199_999
    archive.keep(sirens, [b"%d" % siren for siren in sirens.tolist()])
    assert archive.at(archive.find(sirens[::-7]).tolist()) == [b"%d" % siren for siren in sirens[::-7].tolist()]
