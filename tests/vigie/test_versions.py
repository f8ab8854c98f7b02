from vigie.versions import Drift, drifts

LOCK = """\
# made by make lock
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:abc
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:abc
redis[hiredis]==8.1.0 \\
    --hash=sha256:def
    # via vigie
colorama==0.4.6 ; sys_platform == 'win32'
"""


def test_only_what_is_here_in_a_version_that_is_not_the_locks_drifts() -> None:
    here = {"numpy": "2.5.5", "redis": "8.0.0"}
    assert list(drifts(LOCK, here.get)) == [Drift("redis", "8.1.0", "8.0.0")]
    assert list(drifts(LOCK, {"numpy": "2.6", "redis": "8.1.0"}.get)) == [Drift("numpy", "2.4.6 or 2.5.5", "2.6")]
    assert list(drifts(LOCK, lambda _: None)) == []
