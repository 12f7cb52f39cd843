"""Training with the async client."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import ubiops
import ubiops.aio.utils
from ubiops.emulator import Emulator


def test_the_methods_are_those_of_the_blocking_class() -> None:
    for name, method in inspect.getmembers(ubiops.Training, inspect.isfunction):
        if name.startswith("_") or name == "wrap_exception":
            continue
        twin = getattr(ubiops.aio.utils.Training, name)
        assert inspect.iscoroutinefunction(twin)
        assert inspect.signature(twin) == inspect.signature(method)


def test_a_run_is_created_and_awaited(training_emulator: Emulator, project_name: str, code: Path, points: Path) -> None:
    async def main() -> ubiops.ExperimentRunDetail:
        async with ubiops.aio.ApiClient(training_emulator.configuration()) as client:
            training = ubiops.aio.utils.Training(client)
            await training.initialize(project_name)
            await training.experiments_create(project_name, {"name": "line"}, quiet=True)
            data = {"training_code": str(code), "training_data": str(points), "parameters": {"steps": 300}}
            created = await training.experiment_runs_create(project_name, "line", data)
            found = await ubiops.aio.utils.wait_for_experiment_run(client, project_name, "line", created.id, quiet=True)
            assert await training.experiment_runs_get(project_name, "line", created.id) == found
            assert [one.id for one in await training.experiment_runs_list(project_name, "line")] == [found.id]
            assert (await training.experiments_get(project_name, "line")).default_bucket == "default"
            return found

    assert asyncio.run(main()).result["metrics"] == {"error": 0.0}
