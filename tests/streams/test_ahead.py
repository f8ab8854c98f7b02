import threading
from collections.abc import Iterator

import pytest

from streams.ahead import ahead


def test_results_come_in_the_order_of_the_items() -> None:
    second = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second.wait(10)
        if item == 1:
            second.set()
        return item

    assert list(ahead(work, range(5), 2)) == list(range(5))


@pytest.mark.parametrize("good", [0, 1, 2, 7])
def test_what_the_items_raise_comes_after_the_results_before_it(good: int) -> None:
    def items() -> Iterator[int]:
        yield from range(good)
        raise OSError

    found = list[int]()
    with pytest.raises(OSError):
        found.extend(ahead(lambda item: item, items(), 2))
    assert found == list(range(good))


def test_what_the_work_raises_comes_after_the_results_before_it() -> None:
    found = list[float]()
    with pytest.raises(ZeroDivisionError):
        found.extend(ahead(lambda item: 1 / item, [1, 2, 0, 3], 2))
    assert found == [1, 0.5]


def test_no_more_items_are_taken_than_threads_can_work_on() -> None:
    taken = list[int]()

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    results = ahead(lambda item: item, items(), 2)
    next(results)
    assert len(taken) <= 3
    results.close()  # type: ignore[attr-defined] # it is a generator
