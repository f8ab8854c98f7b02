from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.faults.schedule import KINDS, schedule


@given(st.integers(), st.integers(0, 60))
def test_a_seed_gives_the_same_faults_again_and_every_kind_its_share(seed: int, count: int) -> None:
    faults = schedule(seed, count)
    assert faults == schedule(seed, count)
    assert len(faults) == count
    counts = Counter(fault.kind for fault in faults)
    assert max(counts.values(), default=0) - min((counts[kind] for kind in KINDS), default=0) <= 1


def test_seeds_differ() -> None:
    assert len({tuple(schedule(seed, 10)) for seed in range(50)}) == 50
