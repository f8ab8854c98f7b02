from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.clearance import read
from alerts.departments import NAMES
from alerts.routing import QUEUES
from detectors.errors import UnusableInput
from detectors.regions import REGIONS

GOOD = """
[groups.ddets-21]
role = "agent"
departments = ["21"]

[groups.bretagne]
regions = ["Bretagne"]

[users.jdupont]
groups = ["ddets-21", "bretagne"]

[users.suivi]
role = "reader"
departments = ["all"]

[users.dispatcher-1]
role = "dispatcher"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "clearances.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_user_may_what_its_tables_give_together(tmp_path: Path) -> None:
    dispatcher, agent, reader = read(written(tmp_path, GOOD))
    assert (agent.user, agent.roles, agent.queues) == ("jdupont", ("agent",), ("21", "22", "29", "35", "56"))
    assert [grant.source for grant in agent.grants] == ["groups.ddets-21", "groups.bretagne"]
    assert (reader.user, reader.queues) == ("suivi", QUEUES)
    assert (dispatcher.roles, dispatcher.queues) == (("dispatcher",), ())


def test_each_department_of_the_mainland_lies_in_one_region() -> None:
    found = [code for codes in REGIONS.values() for code in codes]
    assert sorted(found) == sorted(code for code in NAMES if len(code) == 2)


@pytest.mark.parametrize(
    ("change", "line", "told"),
    [
        (('role = "agent"', 'role = "agnet"'), 3, r"groups\.ddets-21\.role is 'agnet'.*Did you mean agent\?"),
        (('["21"]', '["20"]'), 4, r"groups\.ddets-21\.departments has '20'"),
        (('["21"]', '"21"'), 4, r"departments must be a list"),
        (('["21"]', "[21]"), 4, r"departments must be a list"),
        (('["Bretagne"]', '["Bretange"]'), 7, r"groups\.bretagne\.regions.*Did you mean Bretagne\?"),
        (('"bretagne"]\n\n[users.s', '"bretgane"]\n\n[users.s'), 10, r"users\.jdupont\.groups names 'bretgane'"),
        (('role = "reader"', 'rôle = "reader"'), None, "is not TOML"),
        (('role = "reader"', 'roles = "reader"'), 13, r"users\.suivi\.roles is none of"),
        (('role = "reader"\n', ""), 12, r"users\.suivi\.role is missing"),
        (('departments = ["all"]', ""), 12, r"users\.suivi\.departments and role do not go together.* a department"),
        (('role = "dispatcher"', 'role = "dispatcher"\ndepartments = ["21"]'), 18, "has not one of the roles"),
        (('groups = ["dd', 'role = "program"\ngroups = ["dd'), 10, r"program goes with no other, and agent"),
        (("[users.suivi]", "[users.Suivi]"), 12, r"users\.Suivi cannot be a name"),
        (("[users.suivi]", "[users.default]"), 12, r"users\.default cannot be a name"),
        (("[users.suivi]", "[user.suivi]"), 12, r"user is none of groups, users"),
    ],
)
def test_what_is_not_understood_is_told_with_its_line(
    tmp_path: Path, change: tuple[str, str], line: int | None, told: str
) -> None:
    assert change[0] in GOOD
    with pytest.raises(UnusableInput, match=told) as caught:
        read(written(tmp_path, GOOD.replace(*change, 1)))
    if line is not None:
        assert f"clearances.toml, line {line}: " in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"none\.toml: No such file"):
        read(tmp_path / "none.toml")


@settings(max_examples=100)
@given(at=st.integers(0, len(GOOD) - 1), with_=st.sampled_from(["", "x", '"', "[", "]", "=", "\n", "é"]))
def test_a_slip_of_the_pen_gives_no_department_more(
    tmp_path_factory: pytest.TempPathFactory, at: int, with_: str
) -> None:
    path = written(tmp_path_factory.getbasetemp(), GOOD[:at] + with_ + GOOD[at + 1 :])
    try:
        found = read(path)
    except UnusableInput:
        return
    for clearance in found:
        if clearance.user == "jdupont":
            assert set(clearance.queues) <= {"21", "22", "29", "35", "56"}
