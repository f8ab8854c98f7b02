import signal
import subprocess
import sys
from collections.abc import Callable

import click
import pytest

from detectors.errors import UnusableInput, VigieError
from vigie.__main__ import EXTRAS, main

AsStatus = Callable[[click.Command], None]


def raising(error: BaseException) -> click.Command:
    @click.command()
    def command() -> None:
        """Fail."""
        raise error

    return command


@pytest.mark.parametrize(("error", "status"), [(VigieError("it broke"), 1), (UnusableInput("no such file"), 2)])
def test_errors_become_one_message_and_their_own_status(
    as_status: AsStatus, capsys: pytest.CaptureFixture[str], error: VigieError, status: int
) -> None:
    as_status(raising(error))
    assert main(["status"]) == status
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"vigie: error: {error}\n")


def test_debug_shows_the_traceback(as_status: AsStatus, capsys: pytest.CaptureFixture[str]) -> None:
    as_status(raising(VigieError("it broke")))
    assert main(["--debug", "status"]) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert err.endswith("vigie: error: it broke\n")


def test_an_unforeseen_error_keeps_its_traceback(as_status: AsStatus) -> None:
    as_status(raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main(["status"])


def test_an_interruption_is_130(as_status: AsStatus) -> None:
    as_status(raising(KeyboardInterrupt()))
    assert main(["status"]) == 130


@pytest.mark.parametrize("package", sorted(EXTRAS))
def test_a_missing_package_names_its_extra(
    as_status: AsStatus, capsys: pytest.CaptureFixture[str], package: str
) -> None:
    as_status(raising(ModuleNotFoundError(f"No module named '{package}'", name=f"{package}.admin")))
    assert main(["status"]) == 1
    assert f"pip install 'vigie[{EXTRAS[package]}]'" in capsys.readouterr().err


def test_a_missing_module_of_our_own_is_a_defect(as_status: AsStatus) -> None:
    as_status(raising(ModuleNotFoundError("No module named 'streams.nothing'", name="streams.nothing")))
    with pytest.raises(ModuleNotFoundError):
        main(["status"])


def test_a_command_chooses_its_status(as_status: AsStatus) -> None:
    @click.command()
    @click.pass_context
    def command(context: click.Context) -> None:
        """End."""
        context.exit(7)

    as_status(command)
    assert main(["status"]) == 7


def test_a_command_that_returns_nothing_is_done(as_status: AsStatus) -> None:
    as_status(click.Command("status", callback=lambda: None))
    assert main(["status"]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["statsu"], "Did you mean status"),
        (["nothing-like-it"], "no such command: 'nothing-like-it'.\n"),
        (["--nothing"], "No such option"),
        (["status", "--nothing"], "`vigie status --help` says more."),
        (["status", "--count", "x"], "'x' is not a valid integer"),
    ],
)
def test_wrong_use_is_2_on_stderr(
    as_status: AsStatus, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    as_status(click.Command("status", params=[click.Option(["--count"], type=int)]))
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("vigie: error: ")
    assert said in err


def test_no_argument_shows_the_help_and_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "dead-letters" in err


@pytest.mark.parametrize("flag", ["-h", "--help", "--version"])
def test_help_and_version_are_results(capsys: pytest.CaptureFixture[str], flag: str) -> None:
    assert main([flag]) == 0
    assert capsys.readouterr().out


def test_every_option_shows_its_variable(as_status: AsStatus, capsys: pytest.CaptureFixture[str]) -> None:
    options = [click.Option(["--kafka"], envvar="VIGIE_KAFKA"), click.Option(["--json"])]
    as_status(click.Command("status", params=list(options)))
    assert main(["status", "--help"]) == 0
    out = capsys.readouterr().out
    assert "VIGIE_KAFKA" in out
    assert "VIGIE_STATUS_JSON" in out


PROGRAM = """
import sys, types, click
@click.command()
def command():
    for _ in range(100_000):
        click.echo("a line")
    {then}
module = types.ModuleType("vigie.commands.status")
module.command = command
sys.modules[module.__name__] = module
from vigie.__main__ import main
sys.exit(main(["status"]))
"""


def test_a_closed_pipe_is_quiet() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(then="pass")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_ctrl_c_is_quiet_and_130() -> None:
    then = "print('ready', file=sys.stderr, flush=True); import time; time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(then=then)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # Whoever runs the tests may ignore the signal, and a child inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            assert process.stderr is not None
            assert process.stderr.readline() == b"ready\n"
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert b"Traceback" not in err
    assert process.returncode == 130


def test_python_m_vigie_runs() -> None:
    done = subprocess.run([sys.executable, "-m", "vigie", "statsu"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Did you mean status" in done.stderr
