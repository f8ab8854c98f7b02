"""What the tests ask of the machine's processes."""

from pathlib import Path


def alive(pid: int) -> bool:
    """Whether the process still runs: one that has ended and waits for a parent to notice does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    # pid (name) state ...; the name may hold anything.
    return stat.rpartition(")")[2].split()[0] not in "ZX"
