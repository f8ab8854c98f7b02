"""The plots of an evaluation, as SVG to stand within a page: nothing is fetched, text stays text."""

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from detectors.evaluation.comparison import Comparison
from detectors.evaluation.ranking import Point
from detectors.evaluation.report import Evaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE_INCHES = (7.0, 3.6)
COLOURS = ("#1b4f72", "#b9770e", "#1e8449", "#7d3c98", "#922b21")
MARKS = ("o", "s", "^", "D", "v")
"""Beside its colour each series has a mark of its own: not everybody tells colours apart."""
# Any: matplotlib types each name of a setting.
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
}


class Plot:
    """A figure with one pair of axes, in this page's style; `svg` closes it. Needs matplotlib."""

    def __init__(self, name: str) -> None:
        """`name` is that of the plot within its page."""
        import matplotlib as mpl
        from matplotlib.figure import Figure

        self._name = name
        self._style = {**_STYLE, "svg.hashsalt": name}
        with mpl.rc_context(self._style):
            self._figure = Figure(figsize=SIZE_INCHES, layout="constrained")
            self.axes: Axes = self._figure.add_subplot()

    def svg(self, title: str) -> str:
        """The plot as an `svg` element that readers of the screen find by its title."""
        import matplotlib as mpl

        buffer = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        with mpl.rc_context(self._style):
            self._figure.savefig(buffer, format="svg", metadata=nothing)
        return _inline(buffer.getvalue(), self._name, title)


def _inline(document: str, name: str, title: str) -> str:
    """The `svg` element of a document, its identifiers apart from those of other plots of the page."""
    element = document[document.index("<svg") :]
    element = re.sub(r'\bid="', f'id="{name}-', element)
    element = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{name}-", element)
    return element.replace("<svg", f'<svg role="img" aria-label="{title}"', 1).strip()


def precision_by_recall(evaluation: Evaluation) -> str:
    """The curve of all judged firm-months, over the base rate."""
    plot = Plot("curve")
    _curve(plot.axes, evaluation.curve, "Vigie", 0)
    rate = evaluation.overall["base_rate"].value
    if rate is not None:
        plot.axes.axhline(rate, color="black", linestyle=":", label="base rate")
    plot.axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1))
    plot.axes.legend()
    return plot.svg("Precision by recall")


def beside(comparison: Comparison) -> str:
    """Vigie's curve and those of the references, on the firm-months that they share."""
    plot = Plot("references")
    _curve(plot.axes, comparison.vigie_curve, "Vigie", 0)
    for place, reference in enumerate(comparison.references, start=1):
        _curve(plot.axes, reference.curve, reference.name, place % len(COLOURS))
    plot.axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1))
    plot.axes.legend()
    return plot.svg("Precision by recall, beside batch models")


def _curve(axes: "Axes", points: Sequence[Point], label: str, place: int) -> None:
    recalls, precisions = [p.recall for p in points], [p.precision for p in points]
    axes.plot(recalls, precisions, color=COLOURS[place], marker=MARKS[place], markevery=10, markersize=4, label=label)


def reliability(evaluation: Evaluation) -> str:
    """What was said against what came, on the diagonal where both agree."""
    plot = Plot("calibration")
    said, came = [b.predicted for b in evaluation.reliability], [b.observed for b in evaluation.reliability]
    most = max([*said, *came, 0.01]) * 1.05
    plot.axes.plot([0, most], [0, most], color="black", linestyle=":", label="said is what came")
    plot.axes.plot(said, came, color=COLOURS[0], marker=MARKS[0], label="Vigie")
    plot.axes.set(xlabel="probability said, mean of the bin", ylabel="share that came", xlim=(0, most), ylim=(0, most))
    plot.axes.legend()
    return plot.svg("Calibration")


def precision_by_month(evaluation: Evaluation) -> str:
    """Average precision month by month, over the base rate."""
    plot = Plot("months")
    months = [group.name for group in evaluation.by_month]
    for place, (name, label) in enumerate((("average_precision", "average precision"), ("base_rate", "base rate"))):
        values = [group.figures[name].value for group in evaluation.by_month]
        heights = [float("nan") if value is None else value for value in values]
        plot.axes.plot(range(len(months)), heights, color=COLOURS[place], marker=MARKS[place], label=label)
    _months(plot.axes, months)
    plot.axes.set(ylim=(0, None))
    plot.axes.legend()
    return plot.svg("Average precision by month")


def load(evaluation: Evaluation) -> str:
    """Alerts a week, month by month."""
    plot = Plot("load")
    plot.axes.bar(range(len(evaluation.load)), [m.per_week for m in evaluation.load], color=COLOURS[0])
    _months(plot.axes, [m.month for m in evaluation.load])
    plot.axes.set(ylabel="alerts a week")
    return plot.svg("Alerts a week")


def leads(evaluation: Evaluation) -> str:
    """Firms by months between the first call and the proceeding."""
    plot = Plot("leads")
    width = 0.8 / len(evaluation.leads)
    for place, (name, lead) in enumerate(evaluation.leads.items()):
        left = [month + place * width for month in range(len(lead.by_month))]
        plot.axes.bar(left, lead.by_month, width=width, align="edge", color=COLOURS[place], label=name)
    plot.axes.set_xticks(range(0, evaluation.horizon + 1, max(evaluation.horizon // 9, 1)))
    plot.axes.set(xlabel="months before the proceeding", ylabel="firms")
    plot.axes.legend()
    return plot.svg("Firms by months from the first call to the proceeding")


def _months(axes: "Axes", months: Sequence[str]) -> None:
    """A label every half-year or so."""
    step = max(len(months) // 12, 1)
    axes.set_xticks(range(0, len(months), step), months[::step], rotation=45, ha="right")
