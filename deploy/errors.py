"""What goes wrong with the embedded servers.

VigieError
└── EmbeddedServerError
    ├── UnsupportedPlatform     no server for this machine, or its package is not installed
    ├── JarsUnavailable         neither in the cache nor to be fetched; may pass
    ├── WrongChecksum           what was fetched is not what the lock names
    ├── DiedDuringStart         the server's process ended before it answered
    ├── StartTimeout            it runs and does not answer
    ├── SupervisorLost          the process that watches over the server is gone
    ├── PortTaken               (also UnusableInput) the port asked for is in use
    └── FolderUnusable          (also UnusableInput) the data folder is in use, or cannot be written
"""

from detectors.errors import UnusableInput, VigieError

OWN_KAFKA = "To use your own Kafka instead, set VIGIE_KAFKA=host:port."
OWN_REDIS = "To use your own Redis or Valkey instead, set VIGIE_REDIS=redis://host:port/0."


class EmbeddedServerError(VigieError):
    """The base of every error of this package."""


class UnsupportedPlatform(EmbeddedServerError):
    """No embedded server runs on this machine, or the package that carries it is not installed."""


class JarsUnavailable(EmbeddedServerError):
    """A jar of Kafka is not in the cache and could not be fetched."""

    retriable = True


class WrongChecksum(EmbeddedServerError):
    """A fetched jar differs from the one that the lock names; it was thrown away."""


class DiedDuringStart(EmbeddedServerError):
    """The server's process ended before it answered; the message carries its last log lines."""


class StartTimeout(EmbeddedServerError):
    """The server's process runs but did not answer in time; it was stopped."""


class SupervisorLost(EmbeddedServerError):
    """The process that watches over the server has gone, and the server with it."""


class PortTaken(EmbeddedServerError, UnusableInput):
    """The port asked for is in use."""


class FolderUnusable(EmbeddedServerError, UnusableInput):
    """The data folder belongs to a running server, or cannot be written."""
