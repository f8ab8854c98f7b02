"""The supervisor, around harmless programs; `test_outliving` has it around the real servers."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from deploy.errors import FolderUnusable, SupervisorLost
from deploy.process import Supervised
from tests.deploy.processes import alive

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def python(program: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", program]


def wait_for(log: Path, text: str) -> None:
    deadline = time.monotonic() + 10
    while text not in (log.read_text() if log.exists() else ""):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_temporary_folder_is_there_until_closed() -> None:
    supervised = Supervised("thing", None)
    assert supervised.folder.is_dir()
    assert supervised.folder.name.startswith("vigie-thing-")
    supervised.close()
    supervised.close()
    assert not supervised.folder.exists()


def test_a_given_folder_is_made_and_stays(tmp_path: Path) -> None:
    supervised = Supervised("thing", tmp_path / "new" / "été, it's «there»")
    assert supervised.start(python("print('hello')"), ENVIRONMENT) is None
    while supervised.status() is None:
        time.sleep(0.01)
    assert supervised.status() == 0
    supervised.close()
    assert (tmp_path / "new" / "été, it's «there»" / "server.log").read_text() == "hello\n"


def test_the_process_gets_the_given_environment_alone(tmp_path: Path) -> None:
    supervised = Supervised("thing", tmp_path)
    supervised.start(python("import os; print(sorted(os.environ))"), {"ONLY": "this", "LC_ALL": "C.UTF-8"})
    wait_for(supervised.log, "]")
    supervised.close()
    assert supervised.log.read_text() == "['LC_ALL', 'ONLY']\n"


def test_what_cannot_be_started_is_told() -> None:
    supervised = Supervised("thing", None)
    assert supervised.start(["/nowhere/at-all"], ENVIRONMENT) == "/nowhere/at-all: No such file or directory"
    supervised.close()


def test_stop_lets_a_process_end_in_its_own_way() -> None:
    supervised = Supervised("thing", None)
    ending = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); print('up', flush=True);"
    supervised.start(python(ending + "time.sleep(60)"), ENVIRONMENT)
    wait_for(supervised.log, "up")
    supervised.stop(10)
    assert supervised.status() == 7
    supervised.close()


def test_stop_kills_a_process_that_does_not_listen() -> None:
    supervised = Supervised("thing", None)
    supervised.start(python(STUBBORN), ENVIRONMENT)
    wait_for(supervised.log, "up")
    supervised.stop(0.1)
    assert supervised.status() == -signal.SIGKILL
    supervised.close()


def test_a_process_may_follow_another_in_the_same_folder() -> None:
    supervised = Supervised("thing", None)
    for number in range(2):
        supervised.start(python(f"print('run {number}', flush=True); import time; time.sleep(60)"), ENVIRONMENT)
        wait_for(supervised.log, f"run {number}")
        supervised.kill()
        assert supervised.status() == -signal.SIGKILL
    supervised.close()


def test_a_folder_serves_one_at_a_time(tmp_path: Path) -> None:
    first = Supervised("thing", tmp_path)
    with pytest.raises(FolderUnusable, match=r"in use by another server.*choose another folder") as caught:
        Supervised("thing", tmp_path)
    assert caught.value.exit_status == 2
    first.close()
    Supervised("thing", tmp_path).close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderUnusable, match="cannot be made: Not a directory"):
        Supervised("thing", tmp_path / "file" / "below")


def test_a_killed_supervisor_takes_the_process_along() -> None:
    supervised = Supervised("thing", None)
    supervised.start(python(STUBBORN), ENVIRONMENT)
    wait_for(supervised.log, "up")
    os.kill(supervised.pid, signal.SIGKILL)
    with pytest.raises(SupervisorLost, match=rf"pid {supervised.pid}.*Start the server again"):
        supervised.status()
    deadline = time.monotonic() + 10
    while alive(supervised.server_pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    supervised.close()
    supervised.log.unlink()
    (supervised.folder / ".in-use").unlink()
    supervised.folder.rmdir()


def test_after_close_nothing_is_asked_any_more() -> None:
    supervised = Supervised("thing", None)
    supervised.close()
    with pytest.raises(SupervisorLost, match="stopped for good"):
        supervised.status()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_supervisor_leaves_the_end_to_its_parent(number: signal.Signals) -> None:
    supervised = Supervised("thing", None)
    supervised.start(python("import time; time.sleep(60)"), ENVIRONMENT)
    os.kill(supervised.pid, number)
    assert supervised.status() is None
    supervised.close()
