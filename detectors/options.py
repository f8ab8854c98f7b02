"""How a package declares its options: a frozen dataclass, each field made by `option`.

The front door turns such dataclasses into command-line flags, VIGIE_ environment variables and the reference page, so
a default, a unit or a help text is written once.
"""

from dataclasses import field
from typing import Any


def option(default: Any, help: str, *, unit: str = "", env: str = "", secret: bool = False) -> Any:
    """A dataclass field that carries its help text.

    `unit` names what the number counts ("seconds", "months"); `env` overrides the environment variable's name (by
    default VIGIE_ and the field's name in capitals); `secret` keeps the value out of help texts, errors and logs.
    """
    return field(default=default, metadata={"help": help, "unit": unit, "env": env, "secret": secret})
