from __future__ import annotations

import multiprocessing

import pytest

from include.orchestration import fork


def test_a_daemon_of_multiprocessing_as_a_celery_workers_process_is_has_no_copies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)  # type: ignore[attr-defined]
    assert not fork.possible()
