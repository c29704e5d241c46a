"""The sampler of a search."""

from __future__ import annotations

import zlib
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from lakehouse.declaration import Model

# The attribute of a trial that holds its slot.
SLOT = "slot"


class SlotSampler(optuna.samplers.BaseSampler):
    """Optuna's TPE with a seed for each slot: what is drawn does not depend on what this process drew before."""

    def __init__(self, model: Model) -> None:
        self._seed = model.seed
        self._at_random = min(5, max(1, model.trials // 3))
        self._drawing: optuna.samplers.BaseSampler = optuna.samplers.RandomSampler()

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Seed."""
        seed = zlib.crc32(f"{self._seed}/{trial.user_attrs[SLOT]}".encode())
        self._drawing = optuna.samplers.TPESampler(seed=seed, n_startup_trials=self._at_random)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, Any]:
        """TPE's."""
        return self._drawing.infer_relative_search_space(study, trial)

    def sample_relative(self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, Any]) -> dict[str, Any]:
        """TPE's."""
        return self._drawing.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: Any
    ) -> Any:
        """TPE's."""
        return self._drawing.sample_independent(study, trial, param_name, param_distribution)
