"""Programs that were written for either official client run unchanged on the emulator,
which runs their code, and print the same as with this library."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import urllib3

import ubiops.emulator

from .clients import HERE, THIS, result, started

SCRIPTS = HERE / "emulator_scripts"
# Each official client, and the generation of the API that it is made for.
PAIRS = (("4.8.0", "v2.1"), ("4.15.0", "v2"))
CODE = """
import os


class PublicError(Exception):
    def __init__(self, text):
        super().__init__(text)
        self.public_error_message = text


class Deployment:
    def __init__(self, base_directory, context):
        print("Starting", context["version"])

    def request(self, data, context):
        if isinstance(data, str):
            return data.upper()
        text = data["text"]
        print("got", text)
        if text == "fail":
            raise RuntimeError("it broke")
        if text == "public":
            raise PublicError("no rain today")
        if text == "stream":
            for number in range(data["n"]):
                context["streaming_update"](f"part {number}")
        return {"text": text * data["n"]}
"""
Printed = dict[tuple[str, str], dict[str, str]]


@pytest.fixture(scope="module")
def hosts() -> Iterator[dict[str, str]]:
    """The address of each generation."""
    with ubiops.emulator.start(build_seconds=(0, 0, 0)) as emulator:
        yield {"v2.1": emulator.host, "v2": emulator.host.replace("/v2.1", "/v2")}


@pytest.fixture(scope="module")
def printed(hosts: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Printed:
    """What each script prints, by client and generation. All run at the same time."""
    with ExitStack() as stack:
        processes: dict[tuple[str, str], Any] = {}
        for official, generation in PAIRS:
            for client in (official, THIS):
                away = tmp_path_factory.mktemp("away")
                with zipfile.ZipFile(away / "deployment_package.zip", "w") as archive:
                    archive.writestr("deployment_package/deployment.py", CODE)
                arguments: tuple[str | Path, ...] = (HERE / "run_scripts.py", SCRIPTS, away)
                project = f"{'this' if client == THIS else 'official'}-{generation.replace('.', '-')}"
                running = started(client, *arguments, host=hosts[generation], PROJECT=project)
                processes[client, generation] = stack.enter_context(running)
        return {key: result(process) for key, process in processes.items()}


@pytest.mark.parametrize("script", sorted(path.stem for path in SCRIPTS.glob("*.py")))
@pytest.mark.parametrize(("official", "generation"), PAIRS)
def test_all_clients_print_the_same(official: str, generation: str, script: str, printed: Printed) -> None:
    theirs, ours = printed[official, generation][script], printed[THIS, generation][script]
    assert len(theirs.splitlines()) >= 10, theirs
    assert "Error: " not in theirs.splitlines()[-1], theirs
    assert ours == theirs


@pytest.mark.parametrize("official", ["official-v2-1", "official-v2"])
@pytest.mark.parametrize(
    "path",
    [
        "deployments/echo",
        "deployments/echo/versions/v1",
        "deployments/echo/versions/v1/revisions",
        "deployments/echo/versions/v1/environment-variables",
        "deployments/custom/versions/v1",
        "deployments/echo/requests?status=completed,failed",
        "environments/own",
        "environments/own/tags",
        "buckets/rain",
        "buckets/rain/files",
        "pipelines/chain/versions/v1",
        "pipelines/chain/requests",
        "schedules/hourly",
    ],
)
def test_both_generations_give_the_union_of_their_fields(
    official: str, path: str, hosts: dict[str, str], printed: Printed
) -> None:
    assert printed
    found = []
    for host in hosts.values():
        address = f"{host}/projects/{official}/{path}"
        response = urllib3.PoolManager().request("GET", address, headers={"Authorization": "Token example"}, timeout=10)
        assert response.status == 200
        found.append(json.loads(response.data))
        if path == "buckets/rain":
            # It is measured each time.
            assert found[-1].pop("size_measurement_date")
    assert found[0] == found[1]
    assert found[0]


def test_what_one_generation_sends_the_other_reads(hosts: dict[str, str], printed: Printed) -> None:
    assert printed
    for project in ("official-v2-1", "official-v2"):
        for host in hosts.values():
            configuration = ubiops.Configuration(host=host, api_key={"Authorization": "Token example"}, proxy="")
            with ubiops.CoreApi(ubiops.ApiClient(configuration)) as api:
                version = api.deployment_versions_get(project, "echo", "v1")
                custom = api.deployment_versions_get(project, "custom", "v1")
            assert (version.environment, version.environment_name, version.environment_tag) == (
                "python3-11",
                "python3-11",
                "v1",
            )
            assert (custom.environment, custom.environment_name) == ("own", "own")
            assert custom.environment_tag
