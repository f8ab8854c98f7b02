"""The tables and the plot, of invented measurements."""

from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks.peers import report
from benchmarks.peers.contenders import CONTENDERS, FAUST, QUIX, REDUCED
from benchmarks.peers.latency import Point
from benchmarks.peers.recovery import Recovered
from benchmarks.peers.report import BEGIN, END, Measured
from benchmarks.peers.scale import Scaled
from benchmarks.peers.throughput import Run, medians


def ran(rate: float, cpu_rate: float, state: str = "equal (3 firms)") -> Run:
    return Run(100_001, 100_000, 100_000 / rate, 100_000 / cpu_rate, 100.0, 1_000, state)


def measured() -> Measured:
    runs = {
        FAUST.name: [ran(3_000, 3_300)],
        QUIX.name: [ran(20_000, 24_000)],
        REDUCED.name: [ran(100_000, 120_000), ran(90_000, 132_000), ran(80_000, 999_000)],
    }
    few = Point("fixed", 2_000, 2_000, True, 0.3, np.array([2.0] * 50))
    return Measured(
        "a command", "2026-11-27", ["a machine"], runs, {REDUCED.name: [few]},
        {REDUCED.name: Recovered(350_000, 4.2, 217.0, 300.0)},
        {REDUCED.name: [Scaled(1, 100.0, 110.0, 1.0, 0.5, "equal"), Scaled(2, 170.0, 100.0, 0.5, 0.7, "equal")]},
    )  # fmt: skip


def test_ratios_are_of_events_a_cpu_second() -> None:
    assert "| Vigie's path, the same work | 90,000 | 80,000 to 100,000 | **132,000** | 40.0 | 5.5 |" in report.markdown(
        measured()
    )


def test_a_percentile_of_too_few_alerts_is_not_told() -> None:
    assert "| 50 | 2.0 |  |  | 0.30 | yes |" in report.markdown(measured())


def test_a_state_that_differed_once_is_what_the_median_tells() -> None:
    assert medians([ran(1, 1), ran(1, 1, "DIFFERS: 1 missing, 0 wrong of 3"), ran(1, 1)]).state.startswith("DIFFERS")


def test_only_what_is_between_the_marks_is_written_anew() -> None:
    document = f"# Title\n{BEGIN}\nold\n{END}\nafter\n"
    new = report.written(document, measured())
    assert new.startswith(f"# Title\n{BEGIN}\n\nMeasured 2026-11-27")
    assert new.endswith(f"\n{END}\nafter\n")
    assert "old" not in new
    assert report.written(new, measured()) == new
    with pytest.raises(ValueError, match="no place"):
        report.written("# Title\n", measured())


def test_the_plot_has_a_bar_for_each_program_that_ran() -> None:
    plot = ElementTree.fromstring(report.plotted(CONTENDERS, measured().runs))
    texts = [text.text for text in plot.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[1:] == ["Faust, textbook", "3,300", "Quix Streams", "24,000", REDUCED.title, "132,000"]
