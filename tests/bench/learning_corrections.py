"""Two ways to correct for a sample by class, on drawn data: ``python -m tests.bench.learning_corrections``.

One class is kept whole, of the other a share is drawn. An *offset* takes the logarithm of the share out of the margin; *inverse
weights* let each row of the drawn class stand for those that were left out. Beside them all rows, and the sample as it is.
What counts is how far the probabilities are from the true ones, on rows that no model has seen.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from jobs.train import fitting
from jobs.train.candidates import linear
from jobs.train.search import space, tuning
from lakehouse.declaration import Model
from lakehouse.evaluation.drawn_rows import Weighting
from lakehouse.evaluation.training_set import TrainingSet
from lakehouse.scorers import model_files

ROWS, FEATURES = 30_000, 6
MODEL = Model.model_validate({"task": "classification", "trials": 1, "max_rounds": 200, "early_stopping_rounds": 20})
WAYS = ("all rows", "offset", "inverse weights", "not corrected")

Floats = NDArray[np.float64]


def world(seed: int, rare: float) -> tuple[TrainingSet, Floats]:
    """Rows and their true chances: a sum of effects and one interaction, with about the share ``rare`` of yes."""
    dice = np.random.default_rng(seed)
    features = dice.normal(size=(ROWS, FEATURES))
    margin = features @ np.linspace(0.8, 0.1, FEATURES) + 0.6 * features[:, 0] * features[:, 1]
    chance = 1 / (1 + np.exp(-(margin + np.log(rare) - 0.8)))
    label = (dice.random(ROWS) < chance).astype(float)
    days = np.full(ROWS, np.datetime64("2024-01-01"))
    return TrainingSet(tuple(f"x{number}" for number in range(FEATURES)), features, label, days), chance


def learned(rows: TrainingSet, way: str, share: float, seed: int) -> TrainingSet:
    """The rows to fit to."""
    if way == "all rows":
        return rows
    kept = (rows.label == 1) | (np.random.default_rng(seed).random(len(rows)) < share)
    sample = rows.where(kept)
    if way == "not corrected":
        return sample
    if way == "offset":
        return replace(sample, weighting=Weighting(np.ones(len(sample)), (-float(np.log(share)),)))
    weight = np.where(sample.label == 1, 1.0, 1 / share)
    return replace(sample, weighting=Weighting(weight / weight.mean()))


def main() -> None:
    """Fit each way with each seed, and print a line a way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    asked = parser.parse_args()
    lines = []
    for rare, share in ((0.02, 0.1), (0.02, 0.02), (0.2, 0.25)):
        beyond, gap, seconds = (defaultdict[tuple[str, str], list[float]](list) for _ in range(3))
        for seed in range(asked.seeds):
            rows, _ = world(3 * seed, rare)
            validation, _ = world(3 * seed + 1, rare)
            new, chance = world(3 * seed + 2, rare)
            for way in WAYS:
                part = learned(rows, way, share, seed)
                for kind in ("trees", "linear"):
                    started = time.process_time()
                    if kind == "trees":
                        tuned = tuning.tune(MODEL, part, validation, starts=[space.middles(MODEL)])
                        model = model_files.of(fitting.fit_coded(tuned, part))
                    else:
                        model = linear.fit(MODEL, part, 1.0)
                    seconds[way, kind].append(time.process_time() - started)
                    score = np.clip(model.score(new.features), 1e-12, 1 - 1e-12)
                    # Expected log loss beyond that of the true chances: the Kullback-Leibler divergence.
                    both = chance * np.log(chance / score) + (1 - chance) * np.log((1 - chance) / (1 - score))
                    beyond[way, kind].append(1000 * float(both.mean()))
                    gap[way, kind].append(float(score.mean() / chance.mean()))
        for kind in ("trees", "linear"):
            for way in WAYS:
                found, best = np.array(beyond[way, kind]), np.array(beyond["offset", kind])
                usual = np.sum(seconds["all rows", kind])
                lines.append(
                    [
                        f"{rare:.0%}, {share:g} of no", kind, way, f"{found.mean():.2f}",
                        f"{int((found > best).sum())} of {asked.seeds}" if way != "offset" else "",
                        f"{np.mean(gap[way, kind]):.3f}", f"{np.sum(seconds[way, kind]) / usual:.2f}",
                    ]
                )  # fmt: skip
    heads = ["yes, sample", "model", "way", "loss beyond the truth x 1000", "worse than offset", "mean / true", "time"]
    print(tabulate(lines, heads, tablefmt="github", disable_numparse=True))


if __name__ == "__main__":
    main()
