"""Pictures that say nothing about the text that they stand in: badges of builds, versions and downloads."""

from __future__ import annotations

import re

_OF_BADGES = re.compile(
    r"badge|shields\.io|travis-ci|codecov|coveralls|circleci|appveyor|readthedocs\.(?:org|io)/projects/|/workflows/|zenodo\.org/.*\.svg|"
    r"github\.com/.*/actions|pepy\.tech|fury\.io|colab-badge|snyk\.io|codacy|codeclimate",
    re.IGNORECASE,
)


def is_badge(address: str) -> bool:
    """Whether a picture's address is one of those that serve badges."""
    return _OF_BADGES.search(address[:500]) is not None
