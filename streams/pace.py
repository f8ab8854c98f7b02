"""Keeping to a rate."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def paced(
    items: Iterable[T], per_second: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> Iterator[T]:
    """The items, at most `per_second` of them a second on average since the first; late ones catch up.

    `clock` gives seconds from any origin, `sleep` waits for some.
    """
    start = clock()
    for count, item in enumerate(items):
        ahead = start + count / per_second - clock()
        if ahead > 0:
            sleep(ahead)
        yield item
