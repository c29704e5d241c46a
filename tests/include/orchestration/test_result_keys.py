"""DAGs read the stages' results by name, from JSON: every name that they read is a field of that stage's result."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
import pytest

from jobs.erase.job import EraseResult
from jobs.gate import evidence
from jobs.gate.holdout import Holdout
from jobs.gate.job import GateResult
from jobs.gate.results import ChallengerResult, ChampionResult, IntervalEstimate, SliceGain
from jobs.monitor.result import MonitorResult
from jobs.release.release_result import ReleaseResult
from jobs.stale.job import StaleResult
from jobs.train.job import TrainResult
from lakehouse.declaration import UseCase
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.settings import PROJECT_ROOT
from tests.jobs import appointments

RESULTS = {
    "erase": EraseResult,
    "gate": GateResult,
    "monitor": MonitorResult,
    "release": ReleaseResult,
    "stale": StaleResult,
    "train": TrainResult,
}
# The functions of include/orchestration/verdicts.py that are given a stage's result.
READERS = {
    "ask_or_not": GateResult,
    "choose_retraining": MonitorResult,
    "choose_rollback": MonitorResult,
    "choose_verdict": GateResult,
    "if_waiting": ReleaseResult,
    "log_result": GateResult,
    "unless_dry_run": StaleResult,
}
# A task whose XCom is Airflow's own, and no stage's result.
PERSON = "approval"

FILES = [*sorted((PROJECT_ROOT / "include/orchestration").glob("*.py")), *sorted((PROJECT_ROOT / "dags").glob("*.py"))]
TASK = re.compile(r'task_id="(\w+)",\s*stage="(\w+)"')
BLOCK = re.compile(r"\{[{%](.*?)[%}]\}", re.DOTALL)
PULLED = re.compile(r"xcom_pull\(task_ids='(\w+)'\)((?:\['\w+'\])*)")
NAMED = re.compile(r"set (\w+) = ti\.xcom_pull\(task_ids='(\w+)'\)")


def template_reads() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """File, task and names in order, such as ``monitor.py``, ``measure`` and ``rollback``, ``from_version``."""
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        blocks = BLOCK.findall(text)
        for task, path in PULLED.findall(text):
            yield file.name, task, tuple(re.findall(r"\w+", path))
        for name, task in (found for block in blocks for found in NAMED.findall(block)):
            for block in blocks:
                for path in re.findall(rf"(?<![\w.]){name}\.(\w+)", block):
                    yield file.name, task, (path,)


def absent(kind: Any, path: tuple[str, ...]) -> str | None:
    """The first name of the path that the result has no field for; what is in a dict or a list is not looked into."""
    for name in path:
        if not dataclasses.is_dataclass(kind):
            return None
        fields = {field.name for field in dataclasses.fields(kind)}
        if name not in fields:
            return name
        kind = get_type_hints(kind)[name]
    return None


READS = sorted({read for read in template_reads() if read[1] != PERSON and read[2]})
STAGE_OF = dict(match for file in FILES for match in TASK.findall(file.read_text(encoding="utf-8")))


def test_the_templates_are_found() -> None:
    assert ("verdicts.py", "measure", ("rollback", "from_version")) in READS
    assert ("train.py", "train", ("model_version",)) in READS
    assert ("approval.py", "gate", ("run_url",)) in READS
    assert STAGE_OF["measure"] == "monitor" and STAGE_OF["answer"] == "gate"


@pytest.mark.parametrize(("file", "task", "path"), READS, ids=str)
def test_a_name_in_a_template_is_a_field_of_the_stage_s_result(file: str, task: str, path: tuple[str, ...]) -> None:
    assert absent(RESULTS[STAGE_OF[task]], path) is None, f"{file}: {STAGE_OF[task]} returns no such field"


def test_a_name_that_no_result_has_is_noticed() -> None:
    assert absent(MonitorResult, ("retrain_because",)) is None
    assert absent(MonitorResult, ("retrain_why",)) == "retrain_why"
    assert absent(MonitorResult, ("rollback", "to")) == "to"


class Reader:
    """The names that a function reads from the result it is given, and from the lines of a list in it."""

    def __init__(self) -> None:
        tree = ast.parse((PROJECT_ROOT / "include/orchestration/verdicts.py").read_text(encoding="utf-8"))
        self.functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}

    def tasks(self) -> set[str]:
        """The functions that are tasks and read a name themselves."""
        tasks = {name for name, function in self.functions.items() if function.decorator_list}
        return {name for name in tasks if list(self.names(name, GateResult))}

    def names(self, function: str, kind: Any, place: int = 0) -> Iterator[tuple[Any, str]]:
        """Each result class and the name that is read from it, helpers included."""
        node = self.functions[function]
        kinds = {node.args.args[place].arg: kind}
        for inner in ast.walk(node):
            # Breadth first: a loop is seen before what stands in it.
            if isinstance(inner, ast.For) and isinstance(inner.target, ast.Name):
                for item in self._items(inner.iter, kinds):
                    kinds[inner.target.id] = item
            if name := self._name(inner):
                variable, key = name
                if variable in kinds:
                    yield kinds[variable], key
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id in self.functions:
                for index, argument in enumerate(inner.args):
                    if isinstance(argument, ast.Name) and argument.id in kinds:
                        yield from self.names(inner.func.id, kinds[argument.id], index)

    def _items(self, iterated: ast.expr, kinds: dict[str, Any]) -> Iterator[Any]:
        if (name := self._name(iterated)) and name[0] in kinds:
            held = get_type_hints(kinds[name[0]]).get(name[1])
            if get_origin(held) is list and dataclasses.is_dataclass(get_args(held)[0]):
                yield get_args(held)[0]

    @staticmethod
    def _name(node: ast.AST) -> tuple[str, str] | None:
        """Variable and key of ``variable["key"]`` or ``variable.get("key")``."""
        match node:
            case ast.Subscript(value=ast.Name(id=variable), slice=ast.Constant(value=str(key))):
                return variable, key
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=variable), attr="get"), args=[ast.Constant(value=str(key)), *_]
            ):
                return variable, key
        return None


@pytest.mark.parametrize("function", READERS)
def test_a_name_that_a_task_reads_is_a_field_of_the_stage_s_result(function: str) -> None:
    names = list(Reader().names(function, READERS[function]))
    assert names
    assert [(kind.__name__, name) for kind, name in names if absent(kind, (name,))] == []


def test_every_task_that_reads_a_result_is_listed_here_with_its_stage() -> None:
    assert Reader().tasks() == set(READERS)
    reads = {(kind.__name__, name) for kind, name in Reader().names("unless_dry_run", StaleResult)}
    assert {("StaleResult", "partitions"), ("StalePartition", "reasons")} <= reads
    assert (GateResult, "reasons") in Reader().names("log_result", GateResult)


def test_the_evidence_that_a_person_approves_by_has_every_name_of_its_template() -> None:
    case = UseCase.model_validate(appointments.declaration())
    days = np.array(["2024-02-03", "2024-02-04"], dtype="datetime64[D]")
    rows = TrainingSet((), np.empty((2, 0)), np.array([0.0, 1.0]), days)
    held_out = Holdout(*(day.astype(object) for day in days), rows, rows, {"features_version": 1, "labels_version": 1})
    gain = IntervalEstimate(0.1, 0.0, 0.2, rows=10_000, days=2)
    champion = ChampionResult(1, {"log_loss": 0.5}, gain, (SliceGain("clinic", "north", gain),))
    made = evidence.describe_rows(held_out, rows) | evidence.describe_results(case, ChallengerResult({}), champion)

    template = constant(PROJECT_ROOT / "include/orchestration/approval.py", "EVIDENCE")
    blocks = " ".join(BLOCK.findall(template))
    read, of_slice = (set(re.findall(rf"(?<![\w.]){name}\.(\w+)", blocks)) for name in ("evidence", "one"))
    assert read >= {"rows", "judged_days", "slices"} and read <= made.keys()
    assert of_slice >= {"difference", "low"} and of_slice <= made["slices"][0].keys()
    assert set(re.findall(r"attribute='(\w+)'", blocks)) <= made["slices"][0].keys()


def constant(file: Path, name: str) -> str:
    """The text of a module's constant, without importing the module."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"{file}: expected a constant {name}, found none")
