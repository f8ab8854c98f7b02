import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.blocks import Block, Blocks
from streams.lines import LONGEST_LINE_BYTES


class Failing(io.BytesIO):
    """Gives its bytes, then fails as a damaged archive does."""

    def read1(self, size: int | None = -1, /) -> bytes:
        part = super().read1(size)
        if not part:
            raise EOFError("damaged")
        return part


contents = st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", b"\0"]), max_size=30).map(b"".join)


@given(contents, st.integers(1, 40))
def test_blocks_are_whole_lines_and_nothing_is_lost(data: bytes, block_bytes: int) -> None:
    blocks = list(Blocks(io.BytesIO(data), 1, block_bytes))
    assert b"".join(block.data for block in blocks) == data
    assert all(block.data.endswith(b"\n") for block in blocks[:-1])
    assert [block.first for block in blocks] == [
        1 + sum(block.data.count(b"\n") for block in blocks[:index]) for index in range(len(blocks))
    ]
    assert not any(block.last for block in blocks[:-1])


@given(contents, st.integers(1, 40), st.data())
@settings(deadline=None)
def test_what_is_pushed_back_comes_again_with_more(content: bytes, block_bytes: int, data: st.DataObject) -> None:
    blocks, found = Blocks(io.BytesIO(content), 7, block_bytes), list[Block]()
    for block in blocks:
        starts = [index + 1 for index, byte in enumerate(block.data) if byte == ord("\n")]
        start = data.draw(st.sampled_from([0, *starts, len(block.data)])) if not block.last else len(block.data)
        if start < len(block.data):
            blocks.push_back(block, start)
        found.append(Block(block.first, block.data[:start], block.last))
    assert b"".join(block.data for block in found) == content
    assert all(block.first == 7 + content[: _before(found, block)].count(b"\n") for block in found)


def test_a_line_beyond_measure_is_kept_in_part_only() -> None:
    long = b"x" * (3 * LONGEST_LINE_BYTES)
    blocks = list(Blocks(io.BytesIO(b"a\n" + long + b"\nb\n" + long), 1, 1000))
    lines = b"".join(block.data for block in blocks).splitlines()
    assert [lines[0], lines[2]] == [b"a", b"b"]
    assert all(LONGEST_LINE_BYTES <= len(line) <= LONGEST_LINE_BYTES + 2000 for line in (lines[1], lines[3]))


@pytest.mark.parametrize("block_bytes", [1, 3, 1000])
def test_a_stream_that_fails_gives_its_whole_lines_first(block_bytes: int) -> None:
    found = list[Block]()
    with pytest.raises(EOFError):
        found.extend(Blocks(Failing(b"a\nb\nc"), 1, block_bytes))
    assert b"".join(block.data for block in found) == b"a\nb\n"
    assert not any(block.last for block in found)


def test_after_a_failure_nothing_comes_again() -> None:
    blocks = Blocks(Failing(b"a\nb\n"), 1, 1000)
    blocks.push_back(next(blocks), 2)
    with pytest.raises(EOFError):
        next(blocks)


def _before(blocks: list[Block], wanted: Block) -> int:
    total = 0
    for block in blocks:
        if block is wanted:
            break
        total += len(block.data)
    return total
