"""The packages' option dataclasses as command-line options: a default, a unit or a help text is written once.

Each field becomes `--field-name`, also read from VIGIE_FIELD_NAME (or the field's own `env`) and from the settings
file. A secret has no flag, since every user of a machine can read the command lines of its processes: it comes from its
variable, or from the file that its variable with `_FILE` behind names.
"""

import dataclasses
import functools
import inspect
import os
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints, overload

import click

from detectors.errors import UnusableInput

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
G = TypeVar("G")
H = TypeVar("H")
P = ParamSpec("P")
R = TypeVar("R")

_SCALARS: dict[object, click.ParamType] = {
    str: click.STRING,
    int: click.INT,
    float: click.FLOAT,
    Path: click.Path(path_type=Path),
}


@overload
def options_of(first: type[A], /) -> Callable[[Callable[Concatenate[A, P], R]], Callable[..., R]]: ...
@overload
def options_of(
    first: type[A], second: type[B], /
) -> Callable[[Callable[Concatenate[A, B, P], R]], Callable[..., R]]: ...
@overload
def options_of(
    first: type[A], second: type[B], third: type[C], /
) -> Callable[[Callable[Concatenate[A, B, C, P], R]], Callable[..., R]]: ...
@overload
def options_of(
    first: type[A], second: type[B], third: type[C], fourth: type[D], /
) -> Callable[[Callable[Concatenate[A, B, C, D, P], R]], Callable[..., R]]: ...
@overload
def options_of(
    first: type[A], second: type[B], third: type[C], fourth: type[D], fifth: type[E], /
) -> Callable[[Callable[Concatenate[A, B, C, D, E, P], R]], Callable[..., R]]: ...
@overload
def options_of(
    first: type[A], second: type[B], third: type[C], fourth: type[D], fifth: type[E], sixth: type[F], /
) -> Callable[[Callable[Concatenate[A, B, C, D, E, F, P], R]], Callable[..., R]]: ...
@overload
def options_of(
    first: type[A],
    second: type[B],
    third: type[C],
    fourth: type[D],
    fifth: type[E],
    sixth: type[F],
    seventh: type[G],
    /,
) -> Callable[[Callable[Concatenate[A, B, C, D, E, F, G, P], R]], Callable[..., R]]: ...
@overload
def options_of(
    first: type[A],
    second: type[B],
    third: type[C],
    fourth: type[D],
    fifth: type[E],
    sixth: type[F],
    seventh: type[G],
    last: type[H],
    /,
) -> Callable[[Callable[Concatenate[A, B, C, D, E, F, G, H, P], R]], Callable[..., R]]: ...
def options_of(*options: type[Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a click command the options of up to eight dataclasses; it receives one instance of each, first (after
    the context, where `pass_context` stands under this).

    Raises UnusableInput where a secret's file cannot be read; what a dataclass raises itself passes through.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            instances = [_instance(cls, kwargs) for cls in options]
            return command(*instances, *args, **kwargs)

        wrapper.__doc__ = _with_secrets(command.__doc__, options)
        decorated: Callable[..., Any] = wrapper
        # click shows the options of the last decorator first.
        for cls in reversed(options):
            for field in reversed(dataclasses.fields(cls)):
                if not field.metadata["secret"]:
                    decorated = _click_option(cls, field)(decorated)
        return decorated

    return decorate


def variable(field: dataclasses.Field[Any]) -> str:
    """The environment variable of an option field."""
    return field.metadata["env"] or f"VIGIE_{field.name.upper()}"


def _with_secrets(help_text: str | None, options: tuple[type[Any], ...]) -> str:
    """The help text, and under it the variables of the secrets that no flag shows."""
    fields = [f for cls in options for f in dataclasses.fields(cls) if f.metadata["secret"]]
    lines = [f"  {variable(f)}: {f.metadata['help']}" for f in fields]
    notes = ["\b", "Secrets, from the environment alone (add _FILE to name a file that holds one):", *lines]
    return "\n".join([inspect.cleandoc(help_text or ""), *(["", *notes] if fields else [])])


def _instance(cls: type[A], kwargs: dict[str, Any]) -> A:
    values = {f.name: _secret(f) if f.metadata["secret"] else kwargs.pop(f.name) for f in dataclasses.fields(cls)}  # type: ignore[arg-type] # A stands for dataclasses
    return cls(**values)


def secret(options: type[Any], name: str) -> Any:
    """One secret of an option dataclass, for a command that takes no other option of it; its default where unset."""
    (field,) = (f for f in dataclasses.fields(options) if f.name == name)
    return _secret(field)


def _secret(field: dataclasses.Field[Any]) -> Any:
    name = variable(field)
    value = os.environ.get(name)
    if value is not None:
        return value
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        return field.default
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UnusableInput(
            f"{name}_FILE names {path}, which cannot be read: {reason}. Correct the path or the file's rights."
        ) from error


def _click_option(cls: type[Any], field: dataclasses.Field[Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    flag = "--" + field.name.replace("_", "-")
    hint = get_type_hints(cls)[field.name]
    settings: dict[str, Any] = {"default": field.default, "envvar": variable(field), "show_default": True}
    unit = field.metadata["unit"]
    settings["help"] = field.metadata["help"] + (f" ({unit})" if unit else "")
    if hint is bool:
        return click.option(f"{flag}/--no-{flag[2:]}", field.name, **settings)
    return click.option(flag, field.name, **settings, **_type_of(hint))


def _type_of(hint: Any) -> dict[str, Any]:
    """How click reads a value of a type: scalars, X | None, Literal and tuple[X, ...]."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        (inner,) = (arg for arg in get_args(hint) if arg is not type(None))
        return _type_of(inner)
    if origin is Literal:
        return {"type": click.Choice([str(word) for word in get_args(hint)])}
    if origin is tuple:
        return {**_type_of(get_args(hint)[0]), "multiple": True}
    return {"type": _SCALARS[hint]}
