"""Release: an assembled version -> a folder that others can load, a run in MLflow, a tag on the Hub; or held, with the reasons.

The order is folder, Hub, line in the log, MLflow: a run that is killed anywhere is repeated, finds what is done, and does the rest.
What is in the folder has passed the gate, since it is renamed to its place after that.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jobs.release import folder, gate, gathering, history, hub, log, mlflow_record, shards, verdict
from jobs.release.arguments import ReleaseArguments
from jobs.release.gathering import Version
from jobs.release.hub import OnHub
from jobs.release.hub_token import Token
from jobs.release.release_result import ReleaseResult
from jobs.release.verdict import WAITING, Verdict
from lakehouse.corpus import publication
from lakehouse.corpus.publication import CARD, MANIFEST
from lakehouse.declaration import Dataset, datasets
from lakehouse.errors import BadArguments
from lakehouse.ops import dataset_versions
from lakehouse.ops.dataset_versions import APPROVED, HELD, PUBLISHED, VersionEvent

logger = logging.getLogger(__name__)

UNCHANGED, PLANNED = "unchanged", "planned"


def run(arguments: ReleaseArguments) -> ReleaseResult:
    """Publish one version, when the gate lets it; what is published already is looked at, and completed where something lacks."""
    dataset = datasets.by_name(arguments.dataset)
    event = history.current(dataset_versions.of_dataset(dataset.name), arguments.version)
    if event is None:
        return _no_version(dataset, arguments)
    if arguments.dry_run:
        return _planned(dataset, event, arguments)
    # All that has to be there, before anything is written.
    place = publication.place(dataset, event.version)
    token = None if dataset.publish.hub is None else Token.of(dataset.publish.hub)
    with publication.alone(dataset):
        events = dataset_versions.of_dataset(dataset.name)
        event = history.current(events, event.version) or event
        result = _released(dataset, event, events, place, token, arguments)
    logger.info("release %s: version %d %s: %s", dataset.name, event.version, result.verdict, "; ".join(result.reasons))
    return result


def _released(
    dataset: Dataset,
    event: VersionEvent,
    events: Sequence[VersionEvent],
    place: Path,
    token: Token | None,
    arguments: ReleaseArguments,
) -> ReleaseResult:
    folder.sweep(place.parent)
    done = _published_here(event, events, place)
    said = folder.present(place, event.content_digest, None if done is None else done.evidence.get("manifest_sha256"))
    experiment = mlflow_record.reach(dataset)
    new = said is None
    decided = Verdict(PUBLISHED, ("it is in its folder: it has passed the gate",))
    if said is None:
        made = gathering.version(dataset, event, events)
        # A folder that was lost is written again: what was published stays so.
        findings = tuple(gate.findings(dataset.gate, gathering.facts(made, events)))
        if done is None:
            decided = _decided(made, findings, events, arguments)
            if decided.verdict != PUBLISHED:
                return _result(event, decided.verdict, decided, place, findings=[one.as_json for one in findings])
        said = folder.write(made, findings, place)
    elif arguments.answer in ("rejected", "timeout"):
        raise BadArguments(
            f"--answer {arguments.answer}: expected version {event.version} of {dataset.name} to wait for an answer, it is "
            f"published in {place}; nothing is changed"
        )
    there: OnHub | None = None
    if dataset.publish.hub is not None and token is not None:
        there = hub.publish(dataset.publish.hub, token, place, said, history.erased(events))
    commit, tag = (None, None) if there is None else (there.commit, there.tag)
    evidence = {"findings": said["gate"], "manifest_sha256": publication.file_digest(place / MANIFEST)}
    if not _is_said(done, evidence, commit, tag):
        places = {"folder": str(place), "hub_commit": commit, "tag": tag}
        log.record(event, PUBLISHED, arguments.actor, arguments.reason, evidence, **places)
        new = True
    page = mlflow_record.log(dataset, experiment, said, place, commit)
    return _result(
        event,
        PUBLISHED if new else UNCHANGED,
        decided,
        place,
        findings=list(said["gate"]),
        files=[*said["files"], MANIFEST],
        hub_commit=commit,
        tag=tag,
        run_url=page,
    )


def _is_said(done: VersionEvent | None, evidence: Mapping[str, Any], commit: str | None, tag: str | None) -> bool:
    """Whether the log says of the publication what there is to say. A Hub that is declared no more is not looked at."""
    if done is None or done.evidence.get("manifest_sha256") != evidence["manifest_sha256"]:
        return False
    return commit is None or (done.hub_commit, done.tag) == (commit, tag)


def _decided(
    made: Version, findings: tuple[gate.Finding, ...], events: Sequence[VersionEvent], arguments: ReleaseArguments
) -> Verdict:
    """The verdict; an answer and a holding are written down."""
    event, approval = made.event, made.dataset.gate.approval
    lines = _lines(event, events)
    decided = verdict.decide(findings, approval, arguments.answer, arguments.actor, lines)
    evidence = {"reasons": list(decided.reasons), "findings": [one.as_json for one in findings]}
    if decided.verdict == HELD and not log.held_already(lines, decided.reasons):
        log.record(event, HELD, arguments.actor, "; ".join(decided.reasons), evidence)
    if decided.verdict == PUBLISHED and approval is not None and not verdict.approved(lines):
        log.record(event, APPROVED, arguments.actor, arguments.reason, evidence)
    return decided


def _planned(dataset: Dataset, event: VersionEvent, arguments: ReleaseArguments) -> ReleaseResult:
    """What a release would do: nothing is written."""
    events = dataset_versions.of_dataset(dataset.name)
    place = publication.place(dataset, event.version)
    done = _published_here(event, events, place)
    said = folder.present(place, event.content_digest, None if done is None else done.evidence.get("manifest_sha256"))
    if said is not None:
        known = Verdict(PUBLISHED, ("it is in its folder: it has passed the gate",))
        return _result(event, PLANNED, known, place, findings=list(said["gate"]), files=[*said["files"], MANIFEST])
    made = gathering.version(dataset, event, events)
    findings = gate.findings(dataset.gate, gathering.facts(made, events))
    decided = verdict.decide(findings, dataset.gate.approval, arguments.answer, arguments.actor, _lines(event, events))
    files = [
        f"{publication.DATA}/{name}"
        for split in made.scan.rows
        for name in shards.names(split, made.scan.rows[split], made.scan.bytes[split])
    ]
    prompts = [service.prompt for service in dataset.services.values()]
    return _result(
        event,
        PLANNED,
        decided,
        place,
        findings=[one.as_json for one in findings],
        files=[*sorted(files), CARD, MANIFEST, *prompts] if decided.verdict == PUBLISHED else [],
    )


def _lines(event: VersionEvent, events: Sequence[VersionEvent]) -> list[VersionEvent]:
    """The lines about a version's examples as they are."""
    return [one for one in events if (one.version, one.content_digest) == (event.version, event.content_digest)]


def _published_here(event: VersionEvent, events: Sequence[VersionEvent], place: Path) -> VersionEvent | None:
    """The line that says that the version, as it is, was published at a place."""
    lines = [one for one in _lines(event, events) if one.state == PUBLISHED and one.folder == str(place)]
    return lines[-1] if lines else None


def _result(event: VersionEvent, status: str, decided: Verdict, place: Path, **found: Any) -> ReleaseResult:
    message = ""
    if decided.verdict in (HELD, WAITING):
        message = f"version {event.version} is {decided.verdict}: {'; '.join(decided.reasons)}"
    return ReleaseResult(
        status=status,
        message=message,
        dataset=event.dataset,
        version=event.version,
        verdict=decided.verdict,
        reasons=list(decided.reasons),
        rows=event.rows,
        folder=str(place),
        **found,
    )


def _no_version(dataset: Dataset, arguments: ReleaseArguments) -> ReleaseResult:
    if arguments.version is not None:
        raise BadArguments(
            f"--version {arguments.version}: expected a version of {dataset.name} that was assembled, found none of that number; "
            "the versions are in ops.dataset_versions"
        )
    todo = f"assemble one: python -m jobs assemble --dataset {dataset.name} --partition YYYY-MM-DD"
    return ReleaseResult(
        status="none", message=f"no version of {dataset.name} was assembled yet; {todo}", dataset=dataset.name
    )
