"""What the audit makes of a service's answer: nothing that was not looked up counts as clean."""

import datetime as dt
import json

import pytest

from lakehouse.settings import PROJECT_ROOT
from stack import audit
from stack.errors import StackError

TODAY = dt.date(2026, 12, 1)
LOCK = PROJECT_ROOT / "requirements.txt"
KNOWN = {
    "name": "lib",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1", "GHSA-aaaa"], "fix_versions": ["1.1"]}],
}
CLEAN, SKIPPED = {"name": "other", "version": "2.0", "vulns": []}, {"name": "odd", "skip_reason": "not found"}


def answer(*packages):
    return audit.read(json.dumps({"dependencies": packages, "fixes": []}))


def passing(until=TODAY, **other):
    return [
        audit.Allowed(
            **{"id": "CVE-2026-1", "package": "lib", "reason": "we never call it that way", "until": until, **other}
        )
    ]


def test_a_lock_that_is_clean_is_said_so(capsys):
    assert audit.tell({LOCK: answer(CLEAN)}, [], TODAY) == 0
    assert "Nothing is known" in capsys.readouterr().out


def test_what_is_known_is_told_with_its_names_and_what_mends_it(capsys):
    assert audit.tell({LOCK: answer(CLEAN, KNOWN)}, [], TODAY) == audit.FOUND
    assert "lib 1.0: PYSEC-2026-1, CVE-2026-1, GHSA-aaaa; fixed in 1.1" in capsys.readouterr().err


def test_a_package_that_the_service_does_not_know_is_not_audited(capsys):
    assert audit.tell({LOCK: answer(CLEAN, SKIPPED)}, [], TODAY) == audit.NOT_AUDITED
    assert "does not know odd" in capsys.readouterr().err


def test_something_known_comes_before_something_not_looked_up():
    assert audit.tell({LOCK: answer(KNOWN, SKIPPED)}, [], TODAY) == audit.FOUND


@pytest.mark.parametrize("name", ["PYSEC-2026-1", "CVE-2026-1", "GHSA-aaaa"])
def test_what_may_pass_does_so_by_any_of_its_names_until_its_day(name):
    assert audit.tell({LOCK: answer(KNOWN)}, passing(id=name), TODAY) == 0
    assert audit.tell({LOCK: answer(KNOWN)}, passing(TODAY - dt.timedelta(days=1), id=name), TODAY) == audit.FOUND
    assert audit.tell({LOCK: answer(KNOWN)}, passing(id=name, package="other"), TODAY) == audit.FOUND


@pytest.mark.parametrize(
    "written",
    [
        "- {id: CVE-1, package: lib, reason: a reason that is long enough}",
        "- {id: CVE-1, package: lib, reason: short, until: 2027-01-01}",
        "- {id: CVE-1, package: lib, reason: a reason that is long enough, until: never}",
        "id: CVE-1",
        "- [",
    ],
)
def test_a_list_of_what_may_pass_says_why_and_until_when(written):
    with pytest.raises(StackError, match="expected a list of id, package, reason and until"):
        audit.allowed(written)


def test_our_own_list_is_one_and_nothing_in_it_is_over():
    assert isinstance(audit.allowed(audit.ALLOWED.read_text(encoding="utf-8")), list)


@pytest.mark.parametrize(
    ("said", "code", "stderr", "why"),
    [
        ("", 1, "Traceback\nConnectionError: no such host", "no such host"),
        ("", 2, "", "it said nothing"),
        (json.dumps({"dependencies": [SKIPPED]}), 0, "", "a mirror without advisories"),
    ],
)
def test_a_service_that_is_away_is_one_line_and_a_code_of_its_own(monkeypatch, capsys, said, code, stderr, why):
    asked = []

    def run(command, **options):
        asked.append(command)
        return audit.subprocess.CompletedProcess(command, code, said, stderr)

    monkeypatch.setattr(audit.subprocess, "run", run)
    assert audit.main([]) == audit.NOT_AUDITED
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("NOT AUDITED") and why in line
    # The one question that tells, and not hundreds.
    assert len(asked) == 1


def test_both_locks_are_asked_for_by_their_hashes(monkeypatch):
    asked = []

    def run(command, **options):
        asked.append(command)
        return audit.subprocess.CompletedProcess(command, 0, json.dumps({"dependencies": [CLEAN]}), "")

    monkeypatch.setattr(audit.subprocess, "run", run)
    assert audit.main([]) == 0
    assert [command[command.index("--requirement") + 1] for command in asked[1:]] == [str(lock) for lock in audit.LOCKS]
    assert all({"--require-hashes", "--disable-pip"} <= set(command) for command in asked)
