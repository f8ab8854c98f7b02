"""Alerts as a replay writes them."""

from datetime import date
from pathlib import Path

import pytest

from detectors.errors import UnusableInput
from streams.alert_file import read


def line(siren: str, kind: str, day: str) -> str:
    return f'{{"id":"a","siren":"{siren}","kind":"{kind}","as_of":"{day}","tier":"strong"}}\n'


def test_only_those_that_call_a_firm_at_risk(tmp_path: Path) -> None:
    path = tmp_path / "alerts.ndjson"
    rows = [("005520135", "raised", "2018-02-03"), ("732829320", "lowered", "2018-02-28")]
    rows += [("732829320", "jump", "2018-03-01")]
    path.write_text("".join(line(*row) for row in rows))
    found = read(path)
    assert found.sirens.tolist() == [5520135, 732829320]
    assert found.days.tolist() == [date(2018, 2, 3).toordinal(), date(2018, 3, 1).toordinal()]


@pytest.mark.parametrize("bad", ["{}\n", "x\n", line("7328", "raised", "2018-02-03"), line("732829320", "jump", "3")])
def test_a_bad_line_is_named(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "alerts.ndjson"
    path.write_text(line("732829320", "jump", "2018-03-01") + bad)
    with pytest.raises(UnusableInput, match=r"alerts\.ndjson, line 2: not an alert.*vigie replay --alerts"):
        read(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="No such file"):
        read(tmp_path / "none.ndjson")
