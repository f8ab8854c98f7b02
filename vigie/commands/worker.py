"""`vigie worker`: the Faust worker."""

import asyncio
import os
import random
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import uvloop

from alerts.notices import NoticeOptions
from alerts.options import AlertsOptions
from detectors import models
from detectors.capping import CapOptions
from detectors.chain import ChainOptions
from detectors.decisions import DecisionOptions
from detectors.errors import UnusableInput, VigieError
from detectors.labels import HorizonOptions
from detectors.models import Model
from detectors.perimeter import PerimeterOptions
from detectors.regime import RegimeOptions
from streams.apps import prepare_process
from streams.cluster import Cluster
from streams.options import WorkerOptions
from streams.scorer import Clocks
from streams.topics import Role
from streams.worker import ROLES, Worker, WorkerSettings
from vigie import logs
from vigie.settings import options_of
from vigie.tracing import traces_option, tracing
from vigie.watched import be_seen, log_options, metrics_options, new_registry

END_SECONDS = 5.0
END_WITHOUT_KAFKA_SECONDS = 1.0
"""The libraries would wait for it, and for nothing else."""


@click.command()
@options_of(
    Cluster,
    WorkerOptions,
    PerimeterOptions,
    HorizonOptions,
    RegimeOptions,
    CapOptions,
    AlertsOptions,
    NoticeOptions,
)
@click.option("--roles", default=",".join(ROLES), help="Which of scorer, trainer, dispatcher to run, comma-separated.")
@click.option(
    "--model-in", type=click.Path(path_type=Path), help="A model to start from, of `vigie replay --model-out`."
)
@click.option(
    "--data", type=click.Path(path_type=Path), default=Path("vigie-data"), envvar="VIGIE_DATA", help="Local state."
)
@metrics_options
@traces_option
@log_options
def command(
    cluster: Cluster,
    worker: WorkerOptions,
    perimeter: PerimeterOptions,
    predicted: HorizonOptions,
    regime: RegimeOptions,
    cap: CapOptions,
    alerts: AlertsOptions,
    notices: NoticeOptions,
    roles: str,
    model_in: Path | None,
    data: Path,
    metrics_port: int,
    metrics_host: str,
    traces_to: str | None,
    log_format: str,
    log_level: str,
) -> None:
    """Run the Faust worker: events in, alerts out.

    It ends on SIGTERM or SIGINT once what it was working on is done.
    """
    logs.start(log_format, log_level)
    settings = WorkerSettings(
        cluster=cluster,
        worker=worker,
        alerts=alerts,
        notices=notices,
        chain=ChainOptions(DecisionOptions(perimeter), horizon=predicted.horizon),
        regime=regime,
        cap=cap,
        roles=_roles(roles, frozen=worker.frozen),
        model=None if model_in is None else _model(model_in, predicted.horizon),
        data=_made(data),
    )
    with tracing(traces_to, "vigie-worker") as traces:
        _work(replace(settings, traces=traces), metrics_host, metrics_port)


def _work(settings: WorkerSettings, metrics_host: str, metrics_port: int) -> None:
    registry = new_registry()
    runner = Worker(settings, registry, Clocks(time.time, time.monotonic), random.random)
    be_seen(metrics_host, metrics_port, registry, runner.health)
    reasons: list[VigieError] = []
    last_resort = threading.Timer(END_SECONDS, _end_by_force, [reasons])
    last_resort.daemon = True
    prepare_process()
    try:
        uvloop.run(_run(runner, last_resort, reasons))
    finally:
        last_resort.cancel()


async def _run(worker: Worker, last_resort: threading.Timer, reasons: list[VigieError]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    try:
        await worker.run()
    except VigieError as error:
        reasons.append(error)
        raise
    finally:
        if worker.health().kafka_reachable is False:
            last_resort.interval = END_WITHOUT_KAFKA_SECONDS
        last_resort.start()


def _end_by_force(reasons: Sequence[VigieError]) -> None:
    """A worker that has failed must end, to be started again, whatever a library's task or thread still waits for."""
    for reason in reasons:
        click.echo(f"vigie: error: {reason}", err=True)
    click.echo("vigie: error: the worker had not ended some seconds after it stopped: ended by force", err=True)
    os._exit(1)


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableInput(f"{folder}: {error.strerror}. Give a folder to write in with --data (VIGIE_DATA)") from None
    return folder


def _roles(text: str, *, frozen: bool) -> tuple[Role, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in ROLES]
    if unknown or not names:
        raise click.BadParameter(f"{text!r}: choose among {', '.join(ROLES)}", param_hint="--roles")
    if frozen and set(names) == {"trainer"}:
        raise click.BadParameter("a frozen worker does not learn: the trainer has nothing to do", param_hint="--roles")
    return tuple(role for role in ROLES if role in names)


def _model(path: Path, horizon: int) -> Model:
    model = models.decode(_bytes(path))
    models.check_horizon(model, horizon)
    return model


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnusableInput(f"{path}: {error.strerror}. Give a file that `vigie replay --model-out` wrote") from None
