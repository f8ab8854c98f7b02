import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import pack
from detectors.chain import Chain, Live
from detectors.features import names
from detectors.firm_record import UnreadableState
from detectors.labels import Cohort, Pending, whole
from detectors.models import MEMBERS, prior
from streams.errors import StreamsError
from streams.spool import Spool
from tests.detectors.test_cohort_record import as_before

MONTH = 24_200


def cohort(month: int, *sirens: int) -> Cohort:
    n, rng = len(sirens), np.random.default_rng(sum(sirens) + month)
    return Cohort(
        month,
        np.array(sirens, np.uint32),
        rng.integers(0, 256, (n, len(names()))).astype(np.uint8),
        np.where(rng.random((n, len(MEMBERS))) < 0.2, np.nan, rng.normal(size=(n, len(MEMBERS)))).astype(np.float32),
        rng.normal(size=n),
    )


def same(found: Cohort, expected: Cohort) -> bool:
    fields = ("sirens", "codes", "members", "logits")
    return found.month == expected.month and all(
        getattr(found, field).tobytes() == getattr(expected, field).tobytes() for field in fields
    )


def test_parts_come_back_as_they_were_and_nothing_is_seen_in_the_folder(tmp_path: Path) -> None:
    pending = Pending(Spool(tmp_path).parts_of)
    parts = {7: cohort(MONTH, 3, 9), 2: cohort(MONTH, 1), 8: cohort(MONTH, 4, 5, 6)}
    pending[MONTH].update(parts)
    pending[MONTH + 1][7] = cohort(MONTH + 1, 3)
    assert sorted(pending[MONTH]) == [2, 7, 8]
    assert (7 in pending[MONTH], 9 in pending[MONTH], 7 in pending[MONTH + 1]) == (True, False, True)
    assert all(same(pending[MONTH][number], part) for number, part in parts.items())
    assert whole(pending[MONTH]).sirens.tolist() == [1, 3, 4, 5, 6, 9]
    assert list(tmp_path.iterdir()) == []


def test_a_part_is_taken_back_as_its_record_has_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    chain = Chain(prior(), live=Live(500, parts_of=spool.parts_of))
    part, other = cohort(MONTH, 3, 9), cohort(MONTH, 4)
    before = as_before(cohort(MONTH, 5), 4)
    pack.load(chain, [*pack.part_records({7: part, 8: other}), (b"~cohort|%d|9" % MONTH, before)])
    assert spool.size == len(pack.part_value(part)) + len(pack.part_value(other)) + len(before)
    assert same(chain.pending[MONTH][7], part)
    assert whole(chain.pending[MONTH]).sirens.tolist() == [3, 4, 5, 9]
    pack.load(chain, pack.answered_records(MONTH, [7, 8, 9]))
    assert spool.size == 0
    with pytest.raises(UnreadableState, match="has format 9"):
        pack.load(chain, [(b"~cohort|%d|9" % MONTH, bytes([9]) + before[1:])])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.booleans()), max_size=40))
def test_it_is_a_mapping_like_any_other_and_gives_back_its_room(changes: list[tuple[int, int, bool]]) -> None:
    spool = Spool(Path("/tmp"))
    pending, expected = Pending(spool.parts_of), Pending()
    for n, (month, number, keep) in enumerate(changes):
        for parts in (pending[month], expected[month]):
            if keep:
                parts[number] = cohort(month, *range(n + 1))
            elif number in parts:
                del parts[number]
    for month in range(4):
        assert sorted(pending[month]) == sorted(expected[month])
        assert len(pending[month]) == len(expected[month])
        assert all(same(pending[month][number], part) for number, part in expected[month].items())
    for month in range(4):
        pending[month].clear()
    assert spool.size == 0


def test_the_file_goes_with_the_spool(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    spool = Spool(tmp_path)
    spool.write((MONTH, 1), cohort(MONTH, 1))
    assert len(list(Path("/proc/self/fd").iterdir())) == before + 1
    del spool
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_folder_that_takes_no_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StreamsError, match=r"missing cannot be made: .*--data \(VIGIE_DATA\)"):
        Spool(tmp_path / "missing")


def test_a_full_disk_is_told() -> None:
    spool = Spool(Path("/tmp"))
    os.close(spool._descriptor)
    descriptor = os.open("/dev/full", os.O_RDWR)
    assert descriptor == spool._descriptor
    with pytest.raises(StreamsError, match="cannot be written: No space left on device"):
        spool.write((MONTH, 1), cohort(MONTH, 1))
