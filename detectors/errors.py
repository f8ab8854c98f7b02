"""The base of every error that Vigie raises on purpose.

VigieError                  exit status 1: failed while running
├── UnusableInput           exit status 2: what was given cannot be used
└── ... one `errors.py` a package, all under this base
"""


class VigieError(Exception):
    """An error whose message tells its reader what is wrong, where, why, and what to do now.

    `exit_status` is what the `vigie` command returns; `retriable` says whether the same call may succeed later
    without anybody changing anything.
    """

    exit_status: int = 1
    retriable: bool = False


class UnusableInput(VigieError):
    """A file, an option or a setting that cannot be used; nothing was done with it."""

    exit_status = 2
