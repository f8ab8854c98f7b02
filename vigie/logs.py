"""Logs of what runs for long: a line for whoever reads along, or JSON for whoever collects.

What a line is about stands beside its message: `alert` (its id) and `event` (topic/partition/offset), the two by which
an alert is followed from its event to its queue. Nothing of a firm is told at info or above.
"""

import logging
import sys
import time
from typing import Any, Literal, TextIO

import msgspec

Format = Literal["console", "json"]
FORMATS: tuple[Format, ...] = ("console", "json")
LEVELS = ("debug", "info", "warning", "error")
_USUAL = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"})
"""What every record has; the rest was given with it."""
_QUIET = (
    *("aiokafka", "faust", "mode", "kafka", "uvicorn"),
    *("streams.batches", "streams.firm_table", "streams.rebalances", "streams.tables"),
)
"""The libraries narrate every rebalance at INFO; what an operator needs is in the metrics and in our own lines."""


class Console(logging.Formatter):
    """Time, level, logger, message; then what it is about."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """The line without a traceback, which comes under it."""
        said = "".join(f" {name}={value}" for name, value in _given(record).items())
        return super().formatMessage(record) + said


class JsonLines(logging.Formatter):
    """An object a line: time (UTC), level, logger, message, what it is about, and `error` with a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= _given(record)
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def start(form: str, level: str, stream: TextIO = sys.stderr) -> None:
    """Log so from now on, in place of whatever was before."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines() if form == "json" else Console())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _given(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _USUAL}
