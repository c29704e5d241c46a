"""A search's study on disk: which trial is next, and what has been learned so far.

One process works on a study at a time: it holds a lock of the operating system, which ends with it. A trial that is still
running when that process asks for the next one was left by a task that was killed, and is tried again with the same
parameters. Trials have a slot besides Optuna's number: the first try of a trial and its later ones share it. What is drawn for
a slot depends on the seed, the slot and the trials that have ended, so a search that is killed and started again ends as one
that is not killed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from jobs.train.search import journal, space
from jobs.train.search.sampler import SLOT, SlotSampler
from jobs.train.search.space import Value
from lakehouse.declaration import Model
from lakehouse.storage import file_locks

log = logging.getLogger(__name__)

# A trial in which so many tasks were killed is given up: it may be the one that needs more memory than there is.
MOST_TRIES = 4
# Losses are reported, and bad trials pruned, after so many trees: each report is a line in the journal.
REPORT_EVERY = 20

TRY, RETRY_OF, LOSS, ROUNDS = "try", "retry_of", "loss", "rounds"
STARTS, NTHREAD, DONE = "starts", "nthread", "done"
# Where Optuna keeps what a trial was enqueued with.
FIXED = "fixed_params"
ENDED = (TrialState.COMPLETE, TrialState.PRUNED)


@dataclass(frozen=True)
class Trial:
    """One trial that has ended.

    Attributes:
        number: its slot.
        params: as drawn.
        loss: the least on validation.
        rounds: after how many trees.
        state: ``complete`` or ``pruned``.
        seconds: how long it took.
        ended_at: seconds since the epoch.
    """

    number: int
    params: Mapping[str, Value]
    loss: float
    rounds: int
    state: str
    seconds: float
    ended_at: float = 0.0

    @classmethod
    def from_optuna(cls, trial: FrozenTrial) -> Trial:
        """A trial that has ended; its number is its slot."""
        attributes, state = trial.user_attrs, trial.state.name.lower()
        assert trial.duration is not None and trial.datetime_complete is not None
        times = trial.duration.total_seconds(), trial.datetime_complete.timestamp()
        return cls(attributes[SLOT], trial.params, attributes[LOSS], attributes[ROUNDS], state, *times)


class Study:
    """The study in ``folder``, new or resumed; the process that opens it works on it alone until it closes it."""

    def __init__(
        self,
        folder: Path,
        model: Model,
        starts: Sequence[Mapping[str, Value]] = (),
        sampler: optuna.samplers.BaseSampler | None = None,
        pruner: optuna.pruners.BasePruner | None = None,
    ) -> None:
        """Open the study, or wait until another process has closed it.

        Args:
            folder: of the study.
            model: declares ranges, budget and seed.
            starts: the points that a new study begins with; a resumed one keeps its own.
            sampler: the platform's by default; another one for comparisons.
            pruner: likewise.
        """
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._model = model
        self._lock = file_locks.hold(folder / "lock")
        self.optuna = optuna.create_study(
            study_name=folder.name,
            storage=journal.storage(folder / "journal.log"),
            load_if_exists=True,
            direction="minimize",
            sampler=sampler or SlotSampler(model),
            pruner=pruner
            or optuna.pruners.MedianPruner(
                n_startup_trials=3, n_warmup_steps=2 * REPORT_EVERY, interval_steps=REPORT_EVERY
            ),
        )
        if STARTS not in self.optuna.user_attrs:
            self.optuna.set_user_attr(NTHREAD, space.cores())
            self.optuna.set_user_attr(STARTS, [dict(start) for start in starts])
        # The number of cores that the study started with: a resumed one uses as many threads.
        self.nthread: int = self.optuna.user_attrs[NTHREAD]

    def close(self) -> None:
        """Leave the study to the next process."""
        self._lock.close()

    def ask(self, until: float | None = None) -> optuna.Trial | None:
        """The next trial with its parameters; None when there is none left, or when the time ``until`` has passed."""
        trials = self.optuna.get_trials(deepcopy=False)
        if until is not None and time.time() > until and any(t.state is TrialState.COMPLETE for t in trials):
            return None
        self._retry_interrupted(trials)
        if not self.optuna.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            slot = len({trial.user_attrs[SLOT] for trial in trials})
            if slot >= space.budget(self._model):
                return None
            starts = self.optuna.user_attrs[STARTS]
            self._enqueue(starts[slot] if slot < len(starts) else {}, {SLOT: slot, TRY: 1})
        trial = self.optuna.ask()
        for name, declared in space.ranges(self._model).items():
            space.suggest(trial, name, declared)
        return trial

    def tell(self, trial: optuna.Trial, loss: float, rounds: int, pruned: bool) -> Trial:
        """Keep how the trial ended."""
        trial.set_user_attr(LOSS, loss)
        trial.set_user_attr(ROUNDS, rounds)
        # Of a pruned trial Optuna takes the loss that was reported last.
        value, state = (None, TrialState.PRUNED) if pruned else (loss, TrialState.COMPLETE)
        return Trial.from_optuna(self.optuna.tell(trial, value, state))

    def ended(self) -> tuple[Trial, ...]:
        """The trials that have ended, in the order of their slots."""
        trials = self.optuna.get_trials(deepcopy=False, states=ENDED)
        return tuple(sorted(map(Trial.from_optuna, trials), key=lambda trial: trial.number))

    @property
    def done(self) -> bool:
        """Whether the search has ended: it does not continue after a later kill, even where time is left."""
        return bool(self.optuna.user_attrs.get(DONE))

    def finish(self) -> None:
        """Record that the search has ended."""
        self.optuna.set_user_attr(DONE, True)

    def _retry_interrupted(self, trials: list[FrozenTrial]) -> None:
        # The new try first: after a kill in between, the old one is met again and only closed.
        retried = {trial.user_attrs.get(RETRY_OF) for trial in trials}
        for trial in trials:
            if trial.state is not TrialState.RUNNING:
                continue
            slot, tries = trial.user_attrs[SLOT], trial.user_attrs[TRY]
            if trial.number not in retried and tries < MOST_TRIES:
                log.warning("trial %d: its task was killed; it is tried again with the same parameters", slot + 1)
                self._enqueue(self._drawn(trial), {SLOT: slot, TRY: tries + 1, RETRY_OF: trial.number})
            elif trial.number not in retried:
                log.warning("trial %d: given up, %d tasks were killed in it: %s", slot + 1, tries, trial.params)
            self.optuna.tell(trial.number, state=TrialState.FAIL)

    def _drawn(self, trial: FrozenTrial) -> Mapping[str, Any]:
        # A task that is killed while it draws leaves some of the parameters. All of them are drawn again: the rest alone
        # would be other draws of the seed than the same trial has when nothing is killed.
        whole = trial.params.keys() == space.ranges(self._model).keys()
        return trial.params if whole else trial.system_attrs.get(FIXED, {})

    def _enqueue(self, params: Mapping[str, Any], attributes: dict[str, int]) -> None:
        # Every trial is enqueued, also one without parameters: so it is born with its slot, in one line of the journal.
        self.optuna.enqueue_trial(dict(params), user_attrs=attributes)
