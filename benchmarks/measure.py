"""Time, CPU and memory of a piece of work, in a process of its own so that one does not warm or swell the next."""

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Result:
    """What a piece of work took; `count` items were worked on."""

    name: str
    unit: str
    count: int
    seconds: float
    cpu_seconds: float
    peak_mib: float
    base_mib: float = 0.0
    """What its process took before it began."""


def measured(name: str, unit: str, work: Callable[..., int], *args: Any) -> Result:
    """Run `work` in a fresh process; it returns how many items it worked on. Raises what it raises."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(sending, work, args))
    process.start()
    sending.close()
    try:
        outcome = receiving.recv()
    except EOFError:
        raise RuntimeError(f"{name}: the process ended without a result") from None
    finally:
        process.join()
    if isinstance(outcome, Exception):
        raise outcome
    return Result(name, unit, *outcome)


def _run(sending: Any, work: Callable[..., int], args: tuple[Any, ...]) -> None:
    try:
        base = _peak_mib()
        began, cpu = time.perf_counter(), time.process_time()
        count = work(*args)
        seconds, used = time.perf_counter() - began, time.process_time() - cpu
        sending.send((count, seconds, used, _peak_mib(), base))
    except Exception as error:  # handed to the parent, which raises it
        sending.send(error)


def _peak_mib() -> float:
    # Not getrusage: its maximum is handed down from the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def table(results: list[Result]) -> str:
    """The results as Markdown."""
    lines = [
        "| work | items | per second | per CPU second | CPU s | peak MiB |",
        "|---|---|---|---|---|---|",
    ]
    for r in results:
        per_second, per_cpu = r.count / r.seconds, r.count / max(r.cpu_seconds, 1e-9)
        lines.append(
            f"| {r.name} | {r.count:,} {r.unit} | {per_second:,.0f} | {per_cpu:,.0f} | {r.cpu_seconds:.1f} "
            f"| {r.peak_mib:,.0f} |"
        )
    return "\n".join(lines)
