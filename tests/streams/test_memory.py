"""Memory does not grow with what is read."""

from pathlib import Path

import pytest

from benchmarks.files import repeat
from benchmarks.measure import measured
from streams import ingest
from streams.report import Report
from tests.streams.partner_files import TODAY, VALID, content

MIB = 1 << 20


def read_all(path: Path) -> int:
    options = ingest.IngestOptions(sort_events=20_000)
    return sum(map(len, ingest.frames([path], Report(), today=TODAY, options=options)))


@pytest.mark.parametrize("kind", ["debit", "sirene_ul"])
def test_a_file_three_times_as_long_needs_no_more(kind: str, tmp_path: Path) -> None:
    """Debits of three months, some known on a first day, and firms, which have no date."""
    days = ["1180201", "1180202", "1180315", "1180316", "1180401"]
    model = tmp_path / "model.csv"
    model.write_bytes(content(kind, [VALID[kind] | {"Dt_trt_ecn": day} for day in days] * 1000))
    peaks = {}
    for size in (24 * MIB, 72 * MIB):  # the first fills all that is held at a time
        result = measured(kind, "events", read_all, repeat(model, tmp_path / "large.csv", size))
        assert result.count > size // 200
        peaks[size] = result.peak_mib
    assert peaks[72 * MIB] < peaks[24 * MIB] + 40
