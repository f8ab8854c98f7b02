"""A message holds what its owner would be shown by the API, and nothing else."""

from itertools import combinations
from pathlib import Path

import msgspec
import pytest

from alerts.cases import Case
from alerts.history import Entry
from alerts.joining import join
from alerts.masking import ALL_DATA, DATA, Masked, alert_fields, case_fields
from alerts.notify.audience import may_see, notice_of, owners, shown, wants, was_named, why_not
from alerts.notify.ledger import Held
from alerts.notify.mail import mail
from alerts.notify.message import alert_message, body
from alerts.notify.subscriptions import Subscription
from alerts.routing import QUEUES
from alerts.scope import Person
from tests.alerts.making import NOW, a_case, live
from tests.alerts.test_masking import ALERT, FIGURES

HOOK = Subscription(owner="users.a.martin", kind="webhook", url="https://x.example", secret_file="-")
MARTIN = Person("a.martin", ("21",), acts=True)
HELD = Held("21", "1-0", "rose", "schedule", 0.0)
SUBSETS = [frozenset(some) for size in range(len(DATA) + 1) for some in combinations(DATA, size)]


def case() -> Case:
    return msgspec.structs.replace(join(None, ALERT, "21", 45.0).case, debt_euros=918273.0)


@pytest.mark.parametrize("masked", SUBSETS, ids=lambda masked: "+".join(sorted(masked)) or "nothing")
def test_a_message_is_what_the_api_shows(masked: Masked) -> None:
    item = shown(HELD, case(), ALERT, masked, "fr")
    message = alert_message(item, masked)
    [told] = msgspec.json.decode(body(message, "desk", "fr", None))["notifications"]
    of_case, of_alert = case_fields(case(), masked), alert_fields(ALERT, masked, "fr")
    names = ("tier", "kind", "probability", "debt_euros", "siren", "name", "headcount", "activity", "state")
    assert {name: told[name] for name in names if name in told} == {n: of_case[n] for n in names if n in of_case}
    assert told.get("reasons") == of_alert.get("reasons")
    assert told["event"] == ("joined" if "score" in masked else "rose")
    assert told["why"] == ("gathered" if "urssaf" in masked else "schedule")
    text = str(mail(message, "desk", HOOK, "a@b.fr", None, NOW).get_body(("plain",)).get_content())  # type: ignore[union-attr]
    everything = body(message, "desk", "fr", None).decode() + text.replace("\u202f", "").replace("\xa0", "")
    for data in masked & FIGURES.keys():
        for figure in (value for value in FIGURES[data].values() if value > 1):
            assert f"{figure:.0f}" not in everything, (data, figure)
    if "score" in masked:
        for word in ("0.3417", "34%", "Risque fort", "model-7"):
            assert word not in everything


def test_what_is_masked_is_no_filter() -> None:
    blind = MARTIN._replace(data=frozenset())
    assert why_not(HOOK, MARTIN) is None
    assert why_not(HOOK, blind) is None
    assert "sees no department" in (why_not(HOOK, None) or "")
    for field, value in (("tiers", ("strong",)), ("kinds", ("raised",)), ("least_debt_euros", 1.0)):
        subscription = msgspec.structs.replace(HOOK, **{field: value})
        assert why_not(subscription, MARTIN) is None
        assert why_not(subscription, blind), field


def test_a_masked_payment_schedule_does_not_show_in_how_it_is_told() -> None:
    def entry(notice: str, why: str) -> Entry:
        return Entry("21", "1-0", "opened", "1" * 9, 1, 1, "-", NOW, None, "new", {"notice": notice, "why": why}, None)

    told = [notice_of(entry(*how), frozenset({"urssaf"})) for how in (("push", ""), ("digest", "schedule"))]
    assert told[0] == told[1] == ("push", "")
    assert notice_of(entry("digest", "late"), ALL_DATA) == ("digest", "late")
    pushes = msgspec.structs.replace(HOOK, notices=("push",))
    assert wants(pushes, entry("digest", "schedule"), a_case(live()), frozenset({"urssaf"}))
    assert not wants(pushes, entry("digest", "schedule"), a_case(live()), frozenset())


def test_scope_is_the_pages() -> None:
    here = a_case(live())
    assert may_see(MARTIN, here)
    there = msgspec.structs.replace(here, department="71")
    assert not may_see(MARTIN, there)
    assert may_see(MARTIN, msgspec.structs.replace(there, holder="a.martin", state="followed"))
    assert was_named(msgspec.structs.replace(HOOK, departments=("71",)), "71")
    assert HOOK.departments == QUEUES
    assert not was_named(HOOK, "71")


def test_owners_are_tables_of_the_clearance_file(tmp_path: Path) -> None:
    path = tmp_path / "clearances.toml"
    path.write_text(
        '[groups.codefi]\nrole = "reader"\ndepartments = ["21"]\ndata = ["urssaf"]\n[groups.plain]\ndata = ["score"]\n'
        '[users.martin]\ngroups = ["codefi"]\ndepartments = ["71"]\n[users.audit]\nrole = "auditor"\n'
    )
    found = owners(path)
    assert [*found] == ["users.martin", "groups.codefi"]
    assert found["users.martin"].queues == ("21", "71")
    assert (found["groups.codefi"].queues, found["groups.codefi"].masked) == (("21",), ALL_DATA - {"urssaf"})
