"""``python -m stack.audit``: whether packages of the lock have known vulnerabilities, by pip-audit.

Exit code 0: every package was looked up, and nothing is known but what audit-allowed.yaml lets pass. 80: not audited, for the
service does not answer or does not know a package; one line says which. 81: a vulnerability is known, or is let pass no more.
A package that a service does not know counts as clean for pip-audit: here it does not.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from lakehouse.settings import PROJECT_ROOT
from stack.errors import StackError

NOT_AUDITED, FOUND = 80, 81
LOCKS = (PROJECT_ROOT / "requirements.txt", PROJECT_ROOT / "requirements-dev.txt")
ALLOWED = PROJECT_ROOT / "audit-allowed.yaml"
# A service that does not answer in so many seconds is away.
SECONDS = 15


class Allowed(BaseModel):
    """A vulnerability that does not apply here, until a day on which somebody looks again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    package: str = Field(min_length=1)
    reason: str = Field(min_length=20)
    until: dt.date


@dataclass(frozen=True, order=True)
class Vulnerability:
    """What is known of a package."""

    package: str
    version: str
    id: str
    names: tuple[str, ...]
    fixed_in: tuple[str, ...]

    @property
    def text(self) -> str:
        """In one line."""
        remedy = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "no version fixes it yet"
        return f"{self.package} {self.version}: {', '.join((self.id, *self.names))}; {remedy}"


@dataclass(frozen=True)
class Answer:
    """What a service said of a lock: what is known, and the packages that it does not know."""

    known: tuple[Vulnerability, ...]
    skipped: tuple[str, ...]


class NotReached(Exception):
    """No service answered; the message says why in one line."""


def read(said: str) -> Answer:
    """The answer in pip-audit's JSON."""
    known, skipped = [], []
    for one in json.loads(said)["dependencies"]:
        if "skip_reason" in one:
            skipped.append(str(one["name"]))
        known += [_vulnerability(one, each) for each in one.get("vulns", ())]
    return Answer(tuple(sorted(known)), tuple(sorted(skipped)))


def _vulnerability(package: Mapping[str, Any], one: Mapping[str, Any]) -> Vulnerability:
    names = tuple(sorted(one.get("aliases", ())))
    return Vulnerability(package["name"], package["version"], one["id"], names, tuple(one.get("fix_versions", ())))


def allowed(text: str) -> list[Allowed]:
    """What is let pass.

    Raises:
        StackError: the file is none.
    """
    try:
        return TypeAdapter(list[Allowed]).validate_python(yaml.safe_load(text) or [])
    except (ValidationError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())
        raise StackError(f"{ALLOWED.name}: expected a list of id, package, reason and until, found: {said}") from error


def problems(known: Iterable[Vulnerability], passing: Iterable[Allowed], today: dt.date) -> list[str]:
    """A line for each vulnerability that nothing lets pass, or not any more."""
    told = []
    for one in known:
        fits = [it for it in passing if it.package == one.package and it.id in (one.id, *one.names)]
        if not fits:
            told.append(one.text)
        elif (until := max(it.until for it in fits)) < today:
            told.append(f"{one.text}; it was let pass until {until}: look again")
    return told


def ask(lock: Path) -> Answer:
    """What pip-audit finds.

    Raises:
        NotReached: it did not get an answer.
    """
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", str(SECONDS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # 1 with an answer: something is known.
    if done.returncode not in (0, 1) or not done.stdout.lstrip().startswith("{"):
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()] or ["it said nothing"]
        raise NotReached(lines[-1][:300])
    return read(done.stdout)


def reachable(lock: Path) -> None:
    """Ask of one package first, which any service knows: hundreds of questions to one that is away take long.

    Raises:
        NotReached: no service answers, or the one that does has no audit.
    """
    first = lock.read_text(encoding="utf-8").partition("\n    # via")[0]
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one.txt"
        one.write_text(f"{first}\n", encoding="utf-8")
        if skipped := ask(one).skipped:
            raise NotReached(f"the package index knows nothing of {skipped[0]}: it is a mirror without advisories")


def main(arguments: list[str] | None = None) -> int:
    """Audit the locks."""
    parser = argparse.ArgumentParser(prog="python -m stack.audit", description=__doc__)
    parser.parse_args(arguments)
    try:
        passing = allowed(ALLOWED.read_text(encoding="utf-8"))
        reachable(LOCKS[0])
        answers = {lock: ask(lock) for lock in LOCKS}
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except NotReached as error:
        print(
            f"NOT AUDITED: no vulnerability service answers ({error}); nothing is known of the lock, good or bad",
            file=sys.stderr,
        )
        return NOT_AUDITED
    return tell(answers, passing, dt.datetime.now(dt.UTC).date())


def tell(answers: Mapping[Path, Answer], passing: list[Allowed], today: dt.date) -> int:
    """Print what is known, and give the exit code."""
    known = sorted({one for answer in answers.values() for one in answer.known})
    skipped = sorted({name for answer in answers.values() for name in answer.skipped})
    told = problems(known, passing, today)
    for line in told:
        print(line, file=sys.stderr)
    if told:
        print(
            f"{len(told)} known: raise the version and run make lock, or say in {ALLOWED.name} why it does not apply",
            file=sys.stderr,
        )
        return FOUND
    if skipped:
        print(f"NOT AUDITED: the service does not know {', '.join(skipped)}", file=sys.stderr)
        return NOT_AUDITED
    print(
        f"Nothing is known of the packages of {', '.join(lock.name for lock in answers)}, but for {len(known)} that may pass."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
