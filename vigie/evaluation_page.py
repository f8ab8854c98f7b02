"""An evaluation as one HTML page that needs nothing beside it: each plot has its table under it."""

from html import escape

from detectors.evaluation.comparison import Comparison
from detectors.evaluation.report import Evaluation
from vigie import evaluation_plots as plots
from vigie import evaluation_tables as tables
from vigie.evaluation_tables import Table

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 70rem; margin: auto;
  padding: 1rem; }
table { border-collapse: collapse; font-size: .875rem; margin: .5rem 0 1.5rem; }
caption, summary { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { border: 1px solid #bbb; padding: .2rem .5rem; text-align: right; font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
thead th { background: #eee; }
svg { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
"""


def page(evaluation: Evaluation) -> str:
    """The page. Needs matplotlib."""
    body = [
        "<h1>Evaluation of scores</h1>",
        *(f"<p>{escape(sentence)}</p>" for sentence in tables.summary(evaluation)),
        _section("Figures", _table(tables.overall(evaluation))),
        *([] if evaluation.references is None else [_beside(evaluation.references)]),
        _plot("Precision by recall", plots.precision_by_recall(evaluation), tables.curve(evaluation)),
        _plot("Calibration", plots.reliability(evaluation), tables.reliability(evaluation)),
        _plot("By month", plots.precision_by_month(evaluation), tables.by_month(evaluation)),
        _plot("Alerts a week", plots.load(evaluation), tables.load(evaluation)),
        _section(
            "Lead time",
            _table(tables.lead_times(evaluation)),
            plots.leads(evaluation),
            _folded(tables.lead_histogram(evaluation)),
        ),
        _section("By group", *map(_table, tables.groups(evaluation)[:-1])),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Evaluation of scores</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>\n"
    )


def _beside(comparison: Comparison) -> str:
    return _section(
        "Beside batch models",
        *map(_table, tables.references(comparison)),
        plots.beside(comparison),
        _folded(tables.curves_beside(comparison)),
    )


def _section(title: str, *content: str) -> str:
    return "\n".join(["<section>", f"<h2>{escape(title)}</h2>", *content, "</section>"])


def _plot(title: str, svg: str, table: Table) -> str:
    return _section(title, svg, _folded(table))


def _folded(table: Table) -> str:
    """A table that is there for whoever cannot, or would rather not, read the plot above it."""
    return f"<details>\n<summary>{escape(table.title)}: the table</summary>\n{_table(table)}\n</details>"


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.header)
    rows = "\n".join(_row(row) for row in table.rows)
    note = f"<p>{escape(table.note)}</p>\n" if table.note else ""
    return (
        f'{note}<div class="wide" tabindex="0"><table>\n<caption>{escape(table.title)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>"
    )


def _row(row: tuple[str, ...]) -> str:
    first, *others = row
    return f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in others)}</tr>'
