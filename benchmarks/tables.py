"""Rows and cells of the tables that benchmarks print."""

from collections.abc import Iterable

from detectors.evaluation.bootstrap import Estimate


def row(cells: Iterable[str]) -> str:
    """A line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def interval(estimate: Estimate) -> str:
    """A figure and its interval; nothing where undefined."""
    if estimate.low is None or estimate.high is None:
        return number(estimate.value)
    return f"{number(estimate.value)} [{estimate.low:.3f}, {estimate.high:.3f}]"


def number(value: float | None, digits: int = 3) -> str:
    """A figure; nothing where undefined."""
    return "" if value is None else f"{value:.{digits}f}"
