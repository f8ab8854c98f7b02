"""The errors of this package.

StreamsError                failed while running (exit status 1)
├── Unwritable              an output could not be written to its end
├── SendFailed              Kafka did not take an event
└── FilesFailed             some partner files could not be read; the others were
UnusableInput               (of detectors) a file that is no partner file, or nothing usable at all

Those of the cluster itself are drawn in `cluster`.
"""

from detectors.errors import VigieError


class StreamsError(VigieError):
    """Something failed while events were on their way."""


class Unwritable(StreamsError):
    """A file could not be written to its end: the disk is full, or has gone."""

    def __init__(self, what: str, error: OSError) -> None:
        super().__init__(f"{what} could not be written: {error.strerror}. Make room there, then run the command again")


class SendFailed(StreamsError):
    """Kafka did not confirm an event. Events confirmed before it are there; sending all again does no harm."""

    retriable = True


class FilesFailed(StreamsError):
    """Some of the files could not be read or lack what they need; the events of the others went through."""
