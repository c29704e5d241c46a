"""What stands on its own, beside the declaration that is checked: the shared sources and the feature groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakehouse.declaration.feature_group import FeatureGroup
    from lakehouse.declaration.shared_source import SharedSource


@dataclass(frozen=True)
class Known:
    """What a declaration may name.

    Attributes:
        sources: the shared sources by name; None is one whose declaration is wrong.
        groups: the feature groups by name and version; None is one whose declaration is wrong.
    """

    sources: Mapping[str, SharedSource | None] = field(default_factory=dict)
    groups: Mapping[tuple[str, int], FeatureGroup | None] = field(default_factory=dict)

    @classmethod
    def of(cls, context: Any) -> Known:
        """The context that a check was given; nothing where it was given none."""
        return context if isinstance(context, Known) else cls()
