import io

from streams.lines import LONGEST_LINE_BYTES, Lines


def texts(data: bytes) -> list[str]:
    return [line.text for line in Lines(io.BytesIO(data))]


def test_lines_are_numbered_whatever_their_end() -> None:
    assert [line[:2] for line in Lines(io.BytesIO(b"a\nb\r\n\nc"))] == [(1, "a"), (2, "b"), (3, ""), (4, "c")]


def test_encoding_is_decided_a_line_at_a_time() -> None:
    assert texts("é\n".encode() + "é\n".encode("latin-1") + "é".encode()) == ["é", "é", "é"]


def test_a_latin_1_accent_after_many_plain_lines() -> None:
    data = b"plain\n" * 200_000 + b"caf\xe9\n" + b"plain\n"
    assert texts(data)[-2:] == ["café", "plain"]


def test_a_byte_order_mark_is_dropped_at_the_start_only() -> None:
    assert texts(b"\xef\xbb\xbfa\n\xef\xbb\xbfb") == ["a", "\ufeffb"]


def test_a_nul_byte_is_a_problem() -> None:
    first, second = Lines(io.BytesIO(b"a\0\nb\n"))
    assert "NUL" in (first.problem or "")
    assert second.problem is None


def test_a_line_beyond_measure_is_a_problem_of_its_own() -> None:
    long = b"x" * (3 * LONGEST_LINE_BYTES)
    first, second = Lines(io.BytesIO(long + b"\nb\n"))
    assert "longer" in (first.problem or "")
    assert len(first.text) < LONGEST_LINE_BYTES
    assert (second.number, second.text, second.problem) == (2, "b", None)


def test_lines_pushed_back_come_again_in_their_order() -> None:
    lines = Lines(io.BytesIO(b"a\nb\nc"))
    taken = [next(lines), next(lines)]
    lines.push_back(taken)
    assert [line.text for line in lines] == ["a", "b", "c"]
