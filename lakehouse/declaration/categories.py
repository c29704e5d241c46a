"""What a declaration may say of features that are categories."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lakehouse.declaration import reserved_names

if TYPE_CHECKING:
    from lakehouse.declaration.use_case import UseCase


def problems(use_case: UseCase) -> Iterator[str]:
    """What is wrong with the sections of a use case because of its categories."""
    categories = use_case.category_names
    if categories and reserved_names.LEVEL in use_case.entity.key:
        yield (
            f"entity.key: {reserved_names.LEVEL} is a column of the reasons where a feature is a category; expected another name "
            "of the key's column"
        )
    signs = re.findall(r"-?[01]", str(use_case.model.fixed.get("monotone_constraints", "")))
    # Too few or too many signs are another rule's.
    signed = zip(use_case.feature_names, signs, strict=False)
    if ordered := [name for name, sign in signed if name in categories and int(sign)]:
        yield (
            f"model.fixed.monotone_constraints: the levels of a category have no order; expected 0 for {', '.join(ordered)}"
        )
