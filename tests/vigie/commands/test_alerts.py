import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from alerts.alert import encode
from alerts.connect import connect
from tests.alerts.publishing import Bench
from tests.alerts.samples import an_alert
from tests.alerts.server import free_port
from tests.processes import started
from vigie.__main__ import main

Output = tuple[int, str, str]
Vigie = Callable[..., Output]

BATCH = [
    an_alert(id="first", siren="111111111", as_of=date(2018, 12, 31)),
    an_alert(id="second", siren="222222222", tier="moderate", name="ÉVIL\x1b[2J\u202e SARL"),
    an_alert(id="third", siren="333333333", department="2A", kind="jump"),
]


@pytest.fixture
def url(valkey: Any) -> str:
    """A database of these tests' own, with three alerts in it."""
    url = urlsplit(valkey.url)._replace(path="/12").geturl()
    with connect(url, 5) as client:
        client.flushdb()
    Bench(url).publish([encode(alert) for alert in BATCH])
    return url


@pytest.fixture
def vigie(capsys: pytest.CaptureFixture[str], url: str, monkeypatch: pytest.MonkeyPatch) -> Vigie:
    """Runs `vigie alerts ...`: exit status, stdout, stderr."""
    monkeypatch.setenv("VIGIE_REDIS", url)

    def run(*args: str) -> Output:
        status = main(["alerts", *args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def listed(output: Output) -> str:
    status, out, _ = output
    assert status == 0
    return " ".join(json.loads(line)["id"] for line in out.splitlines())


def firms(output: Output) -> str:
    status, out, _ = output
    assert status == 0
    return " ".join(json.loads(line)["siren"][0] for line in out.splitlines())


def test_list_in_french_tells_the_firms_to_deal_with(vigie: Vigie) -> None:
    status, out, err = vigie("list", "--department", "21")
    assert status == 0
    assert out.index("222\u00a0222\u00a0222") < out.index("111\u00a0111\u00a0111"), "prevention first"
    assert (
        "Risque fort 34\u00a0% — ATELIERS DUMONT (SIREN\u00a0111\u00a0111\u00a0111), Côte-d'Or 21\n  à prendre" in out
    )
    assert err == "2 dossiers sur 2.\n"


def test_what_is_printed_cannot_command_the_terminal(vigie: Vigie) -> None:
    for format_ in ((), ("--json",)):
        _, out, _ = vigie("list", *format_)
        assert "SARL" in out
        assert "\x1b" not in out
        assert "\u202e" not in out


def test_list_filters(vigie: Vigie) -> None:
    assert firms(vigie("list", "--json", "--department", "2a")) == "3"
    assert firms(vigie("list", "--json", "--department", "2A", "--department", "21")) == "2 1 3"
    assert firms(vigie("list", "--json", "--tier", "moderate")) == "2"
    assert firms(vigie("list", "--json", "--kind", "jump")) == "3"
    assert firms(vigie("list", "--json", "--siren", "111 111 111")) == "1"
    assert "1" not in firms(vigie("list", "--json", "--since", "01/01/2019"))
    assert firms(vigie("list", "--json", "--limit", "1", "--department", "21")) == "2"
    assert firms(vigie("list", "--json", "--sector", "25.6", "--min-headcount", "39")) == ""
    assert vigie("list", "--sector", "ZZ")[0] == 2
    assert vigie("list", "--all", "--state", "new")[0] == 2


def test_agents_take_follow_and_close_and_the_other_is_told(vigie: Vigie, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIE_AGENT", "a.martin")
    status, out, err = vigie("take", "111 111 111", "--seen", "1")
    assert (status, err) == (0, "")
    assert "prise en charge par a.martin" in out
    status, out, err = vigie("take", "111111111", "--agent", "b.durand")
    assert (status, out) == (1, "")
    assert "a.martin s'en occupe déjà (prise en charge par a.martin" in err
    assert vigie("follow", "first", "--comment", "rendez-vous le 12")[0] == 0, "by the alert's id"
    assert vigie("vote", "111111111", "--useless")[0] == 1
    assert vigie("vote", "111111111", "--useless", "--reason", "deja_connue")[0] == 0
    assert firms(vigie("list", "--json", "--holder", "a.martin")) == "1"
    status, out, _ = vigie("close", "111111111", "--outcome", "besoin", "--json")
    assert (status, json.loads(out)["state"]) == (0, "closed")
    assert vigie("snooze", "222222222", "--comment", "congés")[0] == 0
    assert vigie("withdraw", "333333333", "--months", "6")[0] == 0
    assert vigie("withdraw", "333333333")[0] == 2
    assert firms(vigie("list", "--json")) == ""
    assert vigie("release", "333333333")[0] == 0
    assert sorted(firms(vigie("list", "--json", "--all")).split()) == ["1", "2", "3"]
    _, out, _ = vigie("show", "111111111")
    assert "besoin d'être accompagnée" in out
    assert "pris en charge par a.martin" in out
    assert "«\u00a0rendez-vous le 12\u00a0»" in out
    _, out, _ = vigie("show", "111111111", "--json", "--language", "en")
    shown = json.loads(out)
    assert [entry["action"] for entry in shown["history"]] == ["opened", "take", "follow", "vote", "close"]
    assert [alert["id"] for alert in shown["alerts"]] == ["first"]
    assert vigie("escalate") == (0, "", "")


def test_measures_are_proposed_and_what_came_of_them_is_counted(
    vigie: Vigie, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VIGIE_AGENT", "a.martin")
    _, out, _ = vigie("show", "111111111")
    assert "  Mesures à proposer\u00a0:\n    • Délai de paiement de l'Urssaf [delai-urssaf]\n" in out
    assert "Mesures à proposer" in vigie("show", "first")[1]
    assert vigie("propose", "111111111", "ccsf", "--comment", "dossier envoyé")[0] == 0
    status, _, err = vigie("propose", "111111111", "luck")
    assert (status, "'luck' is no measure of the catalogue" in err) == (2, True)
    assert vigie("propose", "111111111", "ccsf", "--outcome", "accorde")[0] == 0
    status, _, err = vigie("propose", "111111111", "codefi", "--outcome", "accorde")
    assert (status, "was not proposed" in err) == (1, True)
    _, out, _ = vigie("show", "111111111")
    assert "[ccsf] – proposée par a.martin, " in out
    assert "suite d'une mesure par a.martin ccsf – accordée" in out
    assert "proposé\u00a0: ccsf" in vigie("list", "--siren", "111111111")[1]
    shown = json.loads(vigie("show", "111111111", "--json")[1])
    assert shown["measures"][0]["code"] == "delai-urssaf"
    assert shown["case"]["proposed"]["ccsf"]["outcome"] == "accorde"
    _, out, _ = vigie("measures", "--department", "21")
    assert "ccsf  Commission des chefs de services financiers (CCSF)  proposée 1, accordée 1\n" in out
    counted = {row["code"]: row["counts"] for row in map(json.loads, vigie("measures", "--json")[1].splitlines())}
    assert counted["ccsf"] == {"proposed": 1, "accorde": 1}
    (tmp_path / "own.toml").write_text("[own]\nsource = 1")
    status, _, err = vigie("show", "111111111", "--measures", str(tmp_path / "own.toml"))
    assert (status, "own.toml: [own] " in err) == (2, True)


def test_who_acts_must_be_said_and_the_firm_must_have_a_case(vigie: Vigie) -> None:
    status, _, err = vigie("take", "111111111")
    assert status == 2
    assert "VIGIE_AGENT" in err
    status, _, err = vigie("take", "999999999", "--agent", "x")
    assert status == 1
    assert "no case of the firm 999999999" in err


def test_export_follows_the_filters_or_refuses(vigie: Vigie, tmp_path: Path) -> None:
    status, out, err = vigie("export", "-", "--tier", "strong")
    assert (status, err) == (0, "2 dossiers sur 2.\n")
    assert [line.split(";")[0] for line in out.splitlines()[-2:]] == ["111111111", "333333333"]
    for name in ("cas.csv", "cas.xlsx"):
        assert vigie("export", str(tmp_path / name))[0] == 0
        assert (tmp_path / name).stat().st_size > 500
    status, out, err = vigie("export", str(tmp_path / "none.csv"), "--limit", "2")
    assert status == 1
    assert "3 cases, and an export has 2 at most" in err
    assert not (tmp_path / "none.csv").exists()


def test_what_agents_did_is_saved_and_restored(vigie: Vigie, url: str, tmp_path: Path) -> None:
    path = tmp_path / "actions.ndjson"
    vigie("take", "111111111", "--agent", "a.martin")
    assert vigie("save", str(path)) == (0, "", "2 lines\n")
    with connect(url, 5) as client:
        client.flushdb()
    assert vigie("restore", str(path)) == (0, "", "1 cases\n")
    Bench(url).publish([encode(alert) for alert in BATCH])
    assert firms(vigie("list", "--json", "--holder", "a.martin")) == "1"
    assert vigie("restore", str(tmp_path / "none"))[0] == 2


def test_an_administration_must_have_a_rule(vigie: Vigie, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    status, _, err = vigie("notices", "urssaf", "--rules", str(path))
    assert (status, "Give a file of rules" in err) == (2, True)
    path.write_text("[bdf]")
    status, _, err = vigie("notices", "urssaf", "--rules", str(path))
    assert (status, "no rule for 'urssaf'; it has bdf" in err) == (2, True)


def test_one_alert_is_shown_as_it_was_written_with_fields_not_known_yet(vigie: Vigie, url: str) -> None:
    raw = json.dumps(json.loads(encode(an_alert(id="new", department="75"))) | {"later": [1, "é"]}, indent=2)
    Bench(url).publish([raw.encode()])
    _, out, _ = vigie("show", "new", "--json", "--department", "75")
    assert json.loads(out) == json.loads(raw)
    assert out.count("\n") == 1


def test_nothing_found_is_said_on_stderr(vigie: Vigie) -> None:
    assert vigie("list", "--department", "unknown") == (0, "", "0 dossiers sur 0.\n")
    status, _, err = vigie("show", "999999999")
    assert status == 1
    assert "no case of the firm 999999999" in err


def test_show_speaks_the_reader_s_language(vigie: Vigie) -> None:
    status, out, _ = vigie("show", "third", "--language", "en")
    assert status == 0
    assert out.startswith("Strong risk, rising sharply: ATELIERS DUMONT (SIREN")
    assert "as of 2019-01-31 · alert third" in out


def test_show_of_no_alert_fails_with_one_line(vigie: Vigie) -> None:
    status, out, err = vigie("show", "nope")
    assert (status, out) == (1, "")
    assert err.startswith("vigie: error: no alert 'nope' in any department")


def test_watch_stops_after_a_count(vigie: Vigie) -> None:
    assert listed(vigie("watch", "--from-start", "--json", "--department", "21", "--count", "2")) == "first second"
    assert listed(vigie("watch", "--last", "1", "--json", "--department", "21", "--count", "1")) == "second"


def test_watch_prints_an_alert_published_later(vigie: Vigie, url: str) -> None:
    later = threading.Timer(0.3, lambda: Bench(url).publish([encode(an_alert(id="later", department="974"))]))
    later.start()
    assert listed(vigie("watch", "--json", "--count", "1")) == "later"
    later.join()


def test_watch_prints_each_alert_at_once_and_ends_quietly_when_interrupted(url: str) -> None:
    command = [sys.executable, "-m", "vigie", "alerts", "watch", "--from-start", "--json", "--department", "21"]
    environment = os.environ | {"VIGIE_REDIS": url}
    with started(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as watcher:
        try:
            assert watcher.stdout is not None
            assert json.loads(watcher.stdout.readline())["id"] == "first"
            watcher.send_signal(signal.SIGINT)
            _, err = watcher.communicate(timeout=20)
        finally:
            watcher.kill()
    assert watcher.returncode == 130
    assert b"Traceback" not in err


@pytest.mark.parametrize("args", [["watch"], ["list"], ["show", "x"]])
def test_without_redis_one_line_names_the_setting_and_never_the_password(
    args: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VIGIE_REDIS", f"redis://agent:s3cret@127.0.0.1:{free_port()}/0")
    assert main(["alerts", *args]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "VIGIE_REDIS" in captured.err
    assert "s3cret" not in captured.err


@pytest.mark.parametrize(
    "args",
    [
        ["list", "--department", "20"],
        ["list", "--siren", "12"],
        ["list", "--since", "hier"],
        ["list", "--tier", "grave"],
        ["watch", "--from-start", "--last", "3"],
        ["list", "--redis", "http://s3cret"],
    ],
)
def test_wrong_use_is_status_2(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", *args]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "s3cret" not in captured.err
