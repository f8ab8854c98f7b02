import json

import pytest

from deploy.dependencies import Unreachable, found, unpinned

HASH = "--hash=sha256:" + "0" * 64


@pytest.mark.parametrize(
    "line",
    [
        f"click {HASH}",
        f"click>=8 {HASH}",
        f"click==8.* {HASH}",
        "click==8.3.0",
        "click==8.3.0 --hash=md5:00",
        f"click==8.3.0 {HASH}0",
        f"git+https://example.org/click {HASH}",
        "--index-url https://example.org/simple",
        "-e .",
    ],
)
def test_what_is_not_pinned_is_told_with_its_line(line: str) -> None:
    good = f"# made by\nredis[hiredis]==8.1.0 ; python_version < '4' \\\n    {HASH} \\\n    {HASH}\n    # via vigie\n"
    assert list(unpinned(good)) == []
    (first, *_) = list(unpinned(good + line))
    assert first.startswith("line 6: ")


def test_vulnerabilities_are_told_from_no_answer() -> None:
    bad = {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
    good = {"name": "b", "version": "1", "vulns": []}
    assert list(found(json.dumps({"dependencies": [bad, good]}))) == ["a 1: PYSEC-1, mended in 2"]
    for answer in ("", "ERROR", "[]", '{"dependencies": []}', '{"dependencies": [{"name": "a", "skip_reason": "x"}]}'):
        with pytest.raises(Unreachable):
            list(found(answer))
