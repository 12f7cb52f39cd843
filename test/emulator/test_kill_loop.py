"""Nothing acknowledged is lost when the emulator is killed while clients use it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kill_loop import Loop

KILLS = 3


@pytest.mark.skipif(os.name != "posix", reason="code is run on POSIX only")
def test_kills_during_requests_and_uploads_lose_nothing(tmp_path: Path) -> None:
    loop = Loop(tmp_path / "data", seed=1)
    loop.prepare()
    for _ in range(KILLS):
        loop.round(longest=0.6)
    loop.check_folder()
    assert loop.kills == KILLS
    assert loop.ledger.counts["checked"] == loop.ledger.counts["batch"] + loop.ledger.counts["pipeline"]
