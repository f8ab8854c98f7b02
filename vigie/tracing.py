"""Where traces are sent: the option, and OpenTelemetry's parts behind it, which the extra `vigie[tracing]` brings."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from detectors.errors import UnusableInput

if TYPE_CHECKING:
    from streams.traces import Traces

LONGEST_SECONDS = 2.0
"""How long a collector may take for a report; what it does not take then is lost, and nothing else."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def traces_option(command: _Command) -> _Command:
    """`--traces-to`."""
    return click.option(
        "--traces-to",
        envvar="VIGIE_TRACES_TO",
        metavar="URL",
        help="Send traces there by OTLP over HTTP, as in http://collector:4318/v1/traces. Needs vigie[tracing].",
    )(command)


@contextmanager
def tracing(url: str | None, service: str) -> Iterator["Traces | None"]:
    """Traces of a service to a collector, None where no address is given. Raises UnusableInput."""
    if url is None:
        yield None
        return
    if not url.startswith(("http://", "https://")):
        raise UnusableInput(f"--traces-to {url}: write an address, as in http://collector:4318/v1/traces")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        from streams.traces import Traces
    except ImportError as error:
        raise UnusableInput(f"--traces-to needs OpenTelemetry ({error}): pip install 'vigie[tracing]'") from error
    provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(url, timeout=LONGEST_SECONDS)))
    try:
        yield Traces(provider.get_tracer("vigie"))
    finally:
        provider.shutdown()
