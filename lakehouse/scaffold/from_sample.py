"""`python -m lakehouse new NAME --from FILE...`: a use case from a sample of its deliveries."""

from __future__ import annotations

from contextlib import ExitStack

from lakehouse.scaffold import new_folder, next_steps, outline, sample, sample_files, transform_text, yaml_text
from lakehouse.scaffold.draft import Draft
from lakehouse.scaffold.drafting import Drafting
from lakehouse.scaffold.request import Request


def make(request: Request) -> tuple[Draft, str]:
    """Write the folder and land the sample.

    Returns:
        The draft, and what to tell: what was seen, what was written, what comes next.

    Raises:
        BadArguments: when an argument or a file is wrong; nothing was written then.
    """
    request.check()
    found = outline.of(request, [sample.look(source) for source in sample_files.sources(request.files)])
    with ExitStack() as places:
        workshop = places.enter_context(new_folder.workplace(request.into))
        deliveries = places.enter_context(new_folder.workplace(request.landing)) if request.land else None
        draft = Drafting(request, found, deliveries).draft()
        files = {"use_case.yaml": yaml_text.text(draft), "features.py": transform_text.text(draft)}
        landed = (
            {} if deliveries is None else {one.name: len(list(one.iterdir())) for one in sorted(deliveries.iterdir())}
        )
        new_folder.write(request.name, files, request.into, workshop, deliveries, request.landing)
    return draft, next_steps.report(draft, request.into / request.name, landed, request.landing)
