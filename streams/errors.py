"""The errors of this package.

StreamsError                failed while running (exit status 1)
├── SendFailed              Kafka did not take an event
└── FilesFailed             some partner files could not be read; the others were
UnusableInput               (of detectors) a file that is no partner file, or nothing usable at all

Those of the cluster itself are drawn in `cluster`.
"""

from detectors.errors import VigieError


class StreamsError(VigieError):
    """Something failed while events were on their way."""


class SendFailed(StreamsError):
    """Kafka did not confirm an event. Events confirmed before it are there; sending all again does no harm."""

    retriable = True


class FilesFailed(StreamsError):
    """Some of the files could not be read or lack what they need; the events of the others went through."""
