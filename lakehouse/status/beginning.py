"""A use case of which nothing was ever scored: what comes next."""

from __future__ import annotations

from lakehouse.ops import model_events
from lakehouse.status.said import Sentence, anchor, first
from lakehouse.status.use_case_state import UseCaseState


def of(state: UseCaseState) -> Sentence:
    """What is said of it."""
    name = state.use_case.name
    if state.champion is not None:
        since = f"{state.champion.since:%Y-%m-%d %H:%M} UTC"
        return Sentence(
            "wait", "nothing yet", f"Nothing is scored yet: version {state.champion.version} is champion since {since}, and the "
            "next night is the first that it scores.", dag=f"score__{name}",
        )  # fmt: skip
    states = {step.name: step.state for step in state.night.steps} if state.night is not None else {}
    lacking = [source for source in state.use_case.reads if source not in state.delivered]
    if lacking and "done" not in (states.get("arrived"), states.get("built")):
        source = state.use_case.entity.source if state.use_case.entity.source in lacking else lacking[0]
        several = "its deliveries have" if len(lacking) == len(state.use_case.reads) else f"{' and '.join(lacking)} has"
        return Sentence(
            "look", "nothing yet", f"Nothing is scored yet: {several} not been taken in.",
            f"Put them into the landing zone, unpause ingest__{source}, load the history by a backfill, then train a model.", "",
            f"ingest__{source}", source=source,
        )  # fmt: skip
    judged = [one for one in state.events if one.event in (model_events.REGISTERED, model_events.HELD)]
    if judged and judged[-1].event == model_events.HELD:
        return Sentence(
            "look", "nothing yet", f"Nothing is scored yet: version {judged[-1].model_version} was held, and there is no "
            f"champion: {first(judged[-1].reason)}.", f"Read the reasons; once the cause is gone trigger train__{name} again.",
            anchor("held"), f"train__{name}",
        )  # fmt: skip
    return Sentence(
        "look", "nothing yet", "Nothing is scored yet: there is no model.",
        f"Train the first one: trigger train__{name} for a day with enough history before it.", "", f"train__{name}",
    )  # fmt: skip
