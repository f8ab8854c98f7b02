"""Whatever is done to a chain of entries, the check finds it; to what nobody touched it finds nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.audit import PURGED, Entry, Head, Stored, digest, seal
from alerts.audit_check import Anchor, check

START = datetime(2026, 1, 1, tzinfo=UTC)


def chain(texts: list[str], purged: int = 0) -> tuple[list[Stored], Head]:
    """Entries as they lie in Redis, the first `purged` of them removed by a purge that stands last."""
    place, items = Head(0, "", START), list[Stored]()

    def append(entry: Entry) -> None:
        nonlocal place
        data = seal(entry, place)
        items.append(Stored(f"{place.seq + 1}-0", data, digest(data)))
        place = Head(place.seq + 1, digest(data), place.now + timedelta(days=1))

    for text in texts:
        append(Entry(actor=text, action="alert.show", object=f"alert:{text}", detail=text))
    if purged:
        append(Entry(actor="operator", action=PURGED, object=f"{purged}:{items[purged - 1].hash}"))
    return items[purged:], place


chains = st.lists(st.text(max_size=6), min_size=3, max_size=8).flatmap(
    lambda texts: st.integers(0, len(texts)).map(lambda purged: chain(texts, purged))
)


def changed(items: list[Stored], place: int, data: st.DataObject) -> list[Stored]:
    entry = bytearray(items[place].entry)
    at = data.draw(st.integers(0, len(entry) - 1))
    entry[at] ^= data.draw(st.integers(1, 255))
    again = data.draw(st.booleans(), label="its hash made anew")
    item = items[place]._replace(entry=bytes(entry))
    return [*items[:place], item._replace(hash=digest(item.entry)) if again else item, *items[place + 1 :]]


def removed(items: list[Stored], place: int, data: st.DataObject) -> list[Stored]:
    last = data.draw(st.integers(place, len(items) - 1))
    return items[:place] + items[last + 1 :]


def moved(items: list[Stored], place: int, data: st.DataObject) -> list[Stored]:
    others = [n for n in range(len(items)) if n != place]
    other = data.draw(st.sampled_from(others)) if others else place
    mixed = list(items)
    mixed[place], mixed[other] = mixed[other], mixed[place]
    return mixed


def doubled(items: list[Stored], place: int, data: st.DataObject) -> list[Stored]:
    return [*items[:place], items[place], *items[place:]]


DAMAGES: list[Callable[[list[Stored], int, st.DataObject], list[Stored]]] = [changed, removed, moved, doubled]


@settings(max_examples=50)
@given(chains)
def test_an_untouched_log_is_whole(made: tuple[list[Stored], Head]) -> None:
    items, end = made
    assert check(items, end, kept_days=365).findings == ()


@settings(max_examples=50)
@given(chains, st.sampled_from(DAMAGES), st.data())
def test_every_damage_is_found(
    made: tuple[list[Stored], Head],
    damage: Callable[[list[Stored], int, st.DataObject], list[Stored]],
    data: st.DataObject,
) -> None:
    items, end = made
    damaged = damage(items, data.draw(st.integers(0, len(items) - 1)), data)
    found = check(damaged, end, kept_days=365).findings
    assert bool(found) == (damaged != items)


@settings(max_examples=50)
@given(chains, st.data())
def test_a_tail_that_was_cut_with_the_head_shows_against_an_anchor(
    made: tuple[list[Stored], Head], data: st.DataObject
) -> None:
    items, end = made
    anchor = Anchor(end.seq, end.hash, end.now)
    left = items[: data.draw(st.integers(1, len(items))) - 1] if len(items) > 1 else []
    forged = Head(end.seq - len(items) + len(left), left[-1].hash if left else "", end.now)
    assert check(items, end, [anchor], kept_days=0).findings == ()
    assert any("anchored" in finding for finding in check(left, forged, [anchor], kept_days=0).findings)


def test_a_log_that_was_written_anew_shows_against_an_anchor() -> None:
    _, end = chain(["a", "b", "c"])
    forged, other = chain(["a", "x", "c"])
    assert check(forged, other, kept_days=365).findings == ()
    (finding,) = check(forged, other, [Anchor(end.seq, end.hash, end.now)], kept_days=365).findings
    assert "is another one" in finding
