"""What whatever runs for long lets be seen of it: the options of its metrics' port and of its log."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics

from detectors.errors import UnusableInput
from vigie import logs
from vigie.endpoints import Health, serve

_Command = TypeVar("_Command", bound=Callable[..., Any])


def metrics_options(command: _Command) -> _Command:
    """`--metrics-port` and `--metrics-host`."""
    host = click.option(
        "--metrics-host", default="127.0.0.1", envvar="VIGIE_METRICS_HOST", help="Address that this port listens on."
    )
    port = click.option(
        "--metrics-port",
        default=0,
        envvar="VIGIE_METRICS_PORT",
        help="Port of /metrics, /live, /ready and /health; 0 is off.",
    )
    return port(host(command))


def log_options(command: _Command) -> _Command:
    """`--log-format` and `--log-level`."""
    level = click.option(
        "--log-level",
        type=click.Choice(logs.LEVELS),
        default="info",
        envvar="VIGIE_LOG_LEVEL",
        help="Least that is logged. At debug each alert is followed by its id; firms are told of at debug alone.",
    )
    form = click.option(
        "--log-format",
        type=click.Choice(logs.FORMATS),
        default="console",
        envvar="VIGIE_LOG_FORMAT",
        help="A line for readers, or JSON for collectors.",
    )
    return form(level(command))


def new_registry() -> CollectorRegistry:
    """For the metrics of this process, with those of the process itself."""
    # A series more a counter and label, which nobody asks for: Prometheus sees a restart by itself.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry


def be_seen(host: str, port: int, registry: CollectorRegistry, health: Callable[[], Health]) -> None:
    """Serve metrics and health from now on, unless the port is 0. Raises UnusableInput."""
    try:
        if port:
            serve(host, port, registry, health)
    except OSError as error:
        raise UnusableInput(
            f"metrics and health cannot be served on {host}:{port}: {error.strerror}. Give another --metrics-port "
            "(VIGIE_METRICS_PORT) or --metrics-host (VIGIE_METRICS_HOST); 0 serves none"
        ) from None
