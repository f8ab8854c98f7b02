"""A property that is worked out when it is first asked for, and remembered by its object."""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

Of = TypeVar("Of")
Found = TypeVar("Found")


class once(Generic[Of, Found]):  # noqa: N801  written as a decorator
    """`functools.cached_property` without its lock, which Python 3.11 takes for each: longer than a few firms take.

    What is found stands in the object's `__dict__`. Objects are asked from one thread at a time.
    """

    def __init__(self, work: Callable[[Of], Found]) -> None:
        self._work = work
        self._name = ""
        self.__doc__ = work.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        """As Python tells a descriptor its name."""
        self._name = name

    @overload
    def __get__(self, of: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, of: Of, owner: Any = None) -> Found: ...
    def __get__(self, of: Of | None, owner: Any = None) -> Self | Found:
        """The property, worked out: Python asks the object itself from then on."""
        if of is None:
            return self
        found = of.__dict__[self._name] = self._work(of)
        return found
