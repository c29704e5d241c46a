"""What the locks leave out."""

from __future__ import annotations

import pytest

from lakehouse.settings import PROJECT_ROOT


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_nothing_is_installed_that_makes_each_process_of_airflow_start_slowly(lock: str) -> None:
    # jsonschema, which Airflow loads, loads it wherever it is installed, and it makes 38 parsers: 1.5 s of processor time. The
    # extra `format-nongpl` of jsonschema brings it, which cyclonedx-bom asks for, and cyclonedx-python-lib alone does not.
    assert "rfc3987-syntax" not in (PROJECT_ROOT / lock).read_text(encoding="utf-8")
