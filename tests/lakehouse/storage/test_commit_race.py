from __future__ import annotations

from pathlib import Path

import pytest

from tests import commit_race
from tests.store_proxy import Proxy

pytestmark = pytest.mark.process


def test_three_processes_lose_no_commit_and_make_none_twice_where_answers_are_lost(
    losing_way: Proxy, store_root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losing_way.plan()
    monkeypatch.setenv("AWS_ENDPOINT_URL", losing_way.endpoint)
    outcome = commit_race.race(losing_way, 30, 3, 2 * commit_race.LOST_SHARE, tmp_path, {})
    assert outcome.wrong == []
    assert outcome.versions >= 30
    # A commit that reads whole files to write them again may lose to all the quicker ones, and then says so.
    assert [why for why in outcome.failed if ".rewrite." not in why] == []
    # Or it would show nothing.
    assert sum(count for fate, count in outcome.fates.items() if fate != "pass") >= 3
