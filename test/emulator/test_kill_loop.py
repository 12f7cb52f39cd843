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
        loop.round(calls=40)
    loop.check_folder()
    assert loop.kills == KILLS
    counts = loop.ledger.counts
    assert counts.get("checked", 0) == counts.get("batch", 0) + counts.get("pipeline", 0)
