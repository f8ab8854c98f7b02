"""What can go wrong on the agents' side.

VigieError
├── RedisUnavailable   Redis is not there or cannot take writes now; the same call may succeed later
├── RedisRefused       Redis answered no, and will again until somebody grants a right or mends a key
├── PublishingStopped  told to stop while alerts were waiting for Redis; what was not confirmed must be sent again
├── NoSuchGroup        an administration has no consumer group in that department
├── AlertNotFound      no queue that was searched holds that alert
├── CaseNotFound       no department that was searched has a case of that firm
├── ActionRefused      the case does not allow the action now; `refusal` has the case as it stands
└── TooMany            an export would be larger than allowed; nothing was written
"""

from alerts.actions import Refusal
from detectors.errors import VigieError


class RedisUnavailable(VigieError):
    """Redis does not answer, is loading, is a read-only replica or is out of memory. Trying again is safe."""

    retriable = True


class RedisRefused(VigieError):
    """Redis refused for good: a missing right, a wrong password, a key of another type."""


class PublishingStopped(VigieError):
    """Publishing was told to stop before Redis had confirmed every alert; sending the whole batch again is safe."""

    retriable = True


class AlertNotFound(VigieError):
    """No such alert in the queues that were searched, or its entry has been trimmed."""


class NoSuchGroup(VigieError):
    """An administration has not joined that department, or Redis came back without its consumer group."""


class CaseNotFound(VigieError):
    """No such case in the departments that were searched."""


class ActionRefused(VigieError):
    """An action that the case does not allow now: it is held, has changed, is in another state; or a wrong value."""

    def __init__(self, message: str, refusal: Refusal) -> None:
        super().__init__(message)
        self.refusal = refusal


class TooMany(VigieError):
    """More cases than an export may have: it is refused, never cut short."""
