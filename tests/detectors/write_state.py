"""Writes down the state after the events of `lives`, in today's format, for the versions to come to read.

    python -m tests.detectors.write_state

makes `state_format_N.ndjson` beside it, N being the format: run it before the format changes, and add N to what
`test_upgrades` reads.
"""

import base64
import json
from pathlib import Path

from detectors import pack
from tests.detectors.running import Run, state
from tests.detectors.test_upgrades import lives


def main() -> None:
    """Write the file."""
    records = state(Run().take_all(lives()).chain)
    lines = [
        json.dumps({"key": base64.b64encode(key).decode(), "value": base64.b64encode(value or b"").decode()})
        for key, value in records.items()
    ]
    path = Path(__file__).parent / f"state_format_{pack.FORMAT}.ndjson"
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
