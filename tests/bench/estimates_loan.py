"""NannyML's car loan: the scores and decisions that come with it, estimated by chunks of 5,000 rows, with NannyML's beside."""

from __future__ import annotations

import numpy as np
from tabulate import tabulate

from jobs.train import estimator
from jobs.train.estimator import Judged
from lakehouse.declaration import Rhythm
from lakehouse.evaluation.calibrator import METHODS
from tests.bench.estimates_rival import Piece, cbpe
from tests.examples import feed, packages

CHUNK = 5_000
METRICS = ("roc_auc", "log_loss", "precision", "recall")


def halves() -> tuple[Judged, Judged]:
    """The reference period, on which the model was tested, and the analysis period."""
    names = ("reference.csv", "analysis.csv", "analysis_target.csv")
    before, after, targets = (packages.table("nannyml", f"{feed.LOAN_FILES}{name}") for name in names)
    found = []
    for rows in (before, after.merge(targets, on="id")):
        days = rows["timestamp"].str[:10].to_numpy().astype("datetime64[D]")
        label, score, decided = (rows[name].astype(float).to_numpy() for name in ("repaid", "y_pred_proba", "y_pred"))
        found.append(Judged(days, label, score, decided.astype(np.int8)))
    return found[0], found[1]


def run(nannyml: str | None) -> None:
    """Print a line a chunk, and the mean absolute errors."""
    reference, analysis = halves()
    chunks = [
        analysis.where(np.arange(len(analysis.label)) // CHUNK == at) for at in range(len(analysis.label) // CHUNK)
    ]
    realised = [estimator.realised_of(one.label, one.score, one.decided) for one in chunks]
    said: dict[str, list[dict[str, float | None]]] = {}
    for method in METHODS:
        made = estimator.fit(method, reference, Rhythm())
        assert made is not None
        found = [made.estimates(one.score, one.decided) for one in chunks]
        said[method] = [{name: None if e is None else e.value for name, e in of.items()} for of in found]
    if nannyml:
        pieces = [
            Piece(of.label, of.score, of.decided, np.arange(len(of.label)) // CHUNK) for of in (reference, analysis)
        ]
        said["NannyML's CBPE"] = cbpe(nannyml, *pieces)
    on_reference = estimator.realised_of(reference.label, reference.score, reference.decided)
    said["as on the reference"] = [dict(on_reference)] * len(chunks)
    said["the last chunk"] = [dict(on_reference), *(dict(one) for one in realised[:-1])]
    print(f"\ncar loan, ROC-AUC by chunk of {CHUNK:,} rows\n")
    lines = [
        [at + 1, *(of[at]["roc_auc"] for of in said.values()), realised[at]["roc_auc"]] for at in range(len(chunks))
    ]
    print(tabulate(lines, ("chunk", *said, "realised"), tablefmt="github", floatfmt=".4f"))
    print("\ncar loan, mean absolute error by chunk\n")
    lines = [[name, *(_error(of, realised, metric) for metric in METRICS)] for name, of in said.items()]
    print(tabulate(lines, ("forecast", *METRICS), tablefmt="github", disable_numparse=True), flush=True)
    if nannyml:
        pairs = zip(said["isotonic"], said["NannyML's CBPE"], strict=True)
        print(
            f"\nisotonic and NannyML's ROC-AUC differ by at most {max(abs(a['roc_auc'] - b['roc_auc']) for a, b in pairs):.1e}"
        )


def _error(said: list[dict[str, float | None]], realised: list[dict[str, float | None]], metric: str) -> str:
    pairs = [(one.get(metric), came[metric]) for one, came in zip(said, realised, strict=True)]
    known = [abs(one - came) for one, came in pairs if one is not None and came is not None]
    return f"{np.mean(known):.4f}" if known else ""
