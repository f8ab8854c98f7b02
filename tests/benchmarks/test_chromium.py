import shutil

from benchmarks.chromium import SETTING, executable


def test_the_setting_comes_before_the_path() -> None:
    assert executable({SETTING: "sh"}) == shutil.which("sh")
    assert executable({SETTING: "/no/such/browser"}) is None, "a wrong one is not replaced in silence"
