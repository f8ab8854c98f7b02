"""A new data folder for Kafka, made by Kafka's own StorageTool."""

import base64
import shutil
import time
from pathlib import Path

from deploy.errors import OWN_KAFKA, DiedDuringStart, StartTimeout
from deploy.java import ENVIRONMENT, TEMPORARY
from deploy.kafka_config import DATA_FOLDER, properties_text
from deploy.process import Supervised

_CLUSTER_ID = base64.urlsafe_b64encode(b"vigie-embedded-1").decode().rstrip("=")
_SETTINGS_FILE = "format.properties"
_UNFINISHED = "formatting"
_LOG_CHARACTERS = 2000
_POLL_SECONDS = 0.02


def is_formatted(folder: Path) -> bool:
    """Whether a broker has, or could have, run in this folder."""
    return (folder / DATA_FOLDER / "meta.properties").exists()


def format_folder(supervised: Supervised, java: tuple[str, ...], settings: dict[str, str], timeout: float) -> None:
    """Prepare the data folder beside its final place, then rename it: a kill in between leaves nothing half made.

    `settings` are the broker's, `timeout` is in seconds. Raises DiedDuringStart and StartTimeout.
    """
    unfinished = supervised.folder / _UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    (supervised.folder / TEMPORARY).mkdir(exist_ok=True)
    own = settings | {"log.dirs": _UNFINISHED}
    (supervised.folder / _SETTINGS_FILE).write_text(properties_text(own), encoding="ascii")
    refused = supervised.start(
        (*java, "kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", _SETTINGS_FILE), ENVIRONMENT
    )
    if refused is None:
        refused = _outcome(supervised, timeout)
    if refused is not None:
        raise DiedDuringStart(f"the embedded Kafka could not prepare {supervised.folder}: {refused}. {OWN_KAFKA}")
    unfinished.rename(supervised.folder / DATA_FOLDER)


def _outcome(supervised: Supervised, timeout: float) -> str | None:
    """Wait for the tool's end: None for success, else what it said."""
    deadline = time.monotonic() + timeout
    while (status := supervised.status()) is None:
        if time.monotonic() > deadline:
            supervised.kill()
            raise StartTimeout(
                f"preparing {supervised.folder} for Kafka took longer than {timeout:g} seconds. Look at the disk and "
                f"the machine's load, or raise --kafka-start-timeout (VIGIE_KAFKA_START_TIMEOUT). {OWN_KAFKA}"
            )
        time.sleep(_POLL_SECONDS)
    if status == 0:
        return None
    return f"status {status}\n{supervised.log.read_text(errors='replace')[-_LOG_CHARACTERS:]}"
