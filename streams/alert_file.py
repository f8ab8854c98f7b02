"""The alerts that `vigie replay --alerts` wrote, as columns."""

from datetime import date
from pathlib import Path

import msgspec
import numpy as np

from detectors.errors import UnusableInput
from detectors.evaluation.report import Alerts
from detectors.events import Siren

TOLD = ("raised", "jump")
"""Kinds of alerts that call a firm at risk."""
_AGAIN = "Give a file that `vigie replay --alerts` wrote"


class _Line(msgspec.Struct):
    siren: Siren
    kind: str
    as_of: date


def read(path: Path) -> Alerts:
    """The firm and day of each alert that calls a firm at risk. Raises UnusableInput, naming the line."""
    decoder = msgspec.json.Decoder(_Line)
    sirens, days = list[int](), list[int]()
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    alert = decoder.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise UnusableInput(f"{path}, line {number}: not an alert: {error}. {_AGAIN}") from error
                if alert.kind in TOLD:
                    sirens.append(int(alert.siren))
                    days.append(alert.as_of.toordinal())
    except OSError as error:
        raise UnusableInput(f"{path} cannot be read: {error.strerror}. {_AGAIN}") from error
    return Alerts(np.array(sirens, np.uint32), np.array(days, np.int32))
