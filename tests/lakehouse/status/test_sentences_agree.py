"""Whatever is known, no sentence contradicts it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.declaration import UseCase
from lakehouse.ops import model_events
from lakehouse.status import due, night, sentence, use_case_state
from lakehouse.status.orchestration import FailedTask, Orchestration
from lakehouse.status.sentence import LEVELS
from tests import status_nights as nights
from tests.lakehouse.status.more_situations import HOUR
from tests.status_nights import A_DAY, NOW

STATES = st.sampled_from(["done", "waits", "unknown"])
STAGES = ("features", "score", "monitor", "train", "rollback", "restate", "retire")


@given(
    steps=st.tuples(st.sampled_from(["done", "waits", "bad", "unknown"]), STATES, STATES, STATES),
    stopped=st.lists(st.sampled_from(STAGES), max_size=3),
    imports=st.lists(st.sampled_from(STAGES), max_size=2),
    running=st.lists(st.sampled_from(STAGES), max_size=2),
    tasks=st.lists(st.tuples(st.sampled_from(STAGES), st.integers(0, 3)), max_size=3, unique=True),
    hours=st.integers(-30, 30),
    champion_since=st.none() | st.integers(-48, 48),
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_known_the_sentences_agree_with_it(
    steps: tuple[str, ...], stopped: list[str], imports: list[str], running: list[str], tasks: list[tuple[str, int]],
    hours: int, champion_since: int | None,
) -> None:  # fmt: skip
    use_case = UseCase.model_validate(nights.appointments.declaration())
    now, name = NOW + hours * HOUR, use_case.name
    is_due = due.of(use_case, now)
    assert is_due.day is not None
    names = ("arrived", "built", "scored", "judged")
    source = use_case.entity.source
    a_night = night.Night(
        is_due.day,
        tuple(night.Step(one, state, "as drawn", now) for one, state in zip(names, steps, strict=True)),  # type: ignore[arg-type]
        ((source, is_due.day),) if steps[0] == "bad" else (),
        ((source, is_due.day),) if steps[0] == "waits" else (),
        4 if steps[2] == "done" else 0,
        (1,) if steps[2] == "done" else (),
        0,
        None,
        (),
    )
    changes = () if champion_since is None else (model_events_line(name, NOW + champion_since * HOUR),)
    state = use_case_state.UseCaseState(
        use_case, is_due, a_night, is_due.day if steps[2] == "done" else is_due.day - A_DAY,
        use_case_state.champion.of(changes), (), {}, changes, (), frozenset(use_case.reads),
    )  # fmt: skip
    orchestration = Orchestration(
        True,
        paused=frozenset(f"{one}__{name}" for one in stopped),
        broken=frozenset(f"{one}__{name}" for one in imports),
        running=frozenset(f"{one}__{name}" for one in running),
        failed=tuple(FailedTask(f"{one}__{name}", one, "run", is_due.day - A_DAY * back, now) for one, back in tasks),
    )
    found = sentence.of(state, orchestration, now)
    assert found
    levels = [LEVELS.index(one.level) for one in found]
    assert levels == sorted(levels)
    said = " ".join(f"{one.text} {one.todo}" for one in found)
    if steps[2] == "done":
        assert "are late" not in said and "is not scored" not in said
    if steps[2] == "unknown":
        assert "are late" not in said and "is not scored" not in said and "no scores" not in said
    if "paused" in said:
        assert stopped
    if "imported" in said:
        assert imports
    if "Everything has arrived" in said:
        assert steps[0] == "done"
    if "Have " in said:
        assert steps[0] in ("waits", "bad")
    assert all(bool(one.todo) == (one.level in ("act", "look")) for one in found)


def model_events_line(name: str, at: dt.datetime) -> Any:
    from lakehouse.status.books import ModelEvent

    return ModelEvent(
        model_name=name, model_version=1, event=model_events.PROMOTED, from_version=None, actor="ann", reason="better",
        run_id="run", happened_at=at,
    )  # fmt: skip
