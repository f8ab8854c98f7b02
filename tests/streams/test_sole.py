import subprocess
import sys
from pathlib import Path

import pytest

from streams.sole import Busy, sole

HOLD = """
import sys
from pathlib import Path
from streams.sole import sole
with sole(Path(sys.argv[1]), "does it"):
    print(flush=True)
    input()
"""


def test_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "made" / "lock"
    with sole(path, "does it"), pytest.raises(Busy, match="another process does it") as error, sole(path, "does it"):
        pass
    assert error.value.exit_status == 1
    with sole(path, "does it"):
        pass


def test_a_killed_process_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        with pytest.raises(Busy), sole(path, "does it"):
            pass
        process.kill()
        process.wait()
    with sole(path, "does it"):
        pass
