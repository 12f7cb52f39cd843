"""An emulator that builds at once, and deployments to run in it."""

from __future__ import annotations

import io
import itertools
import json
import shutil
import textwrap
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Callable

import pytest

import ubiops
import ubiops.emulator
from ubiops.emulator.core.backend import Backend
from ubiops.emulator.core.errors import not_found
from ubiops.emulator.core.interfaces import Job, Outcome

_numbers = itertools.count(1)


def pack(files: Mapping[str, str | bytes]) -> bytes:
    """Returns a zip file with these entries."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, textwrap.dedent(content) if isinstance(content, str) else content)
    return packed.getvalue()


class FolderBuckets:
    """The buckets of a project as folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, project: str, uri: str) -> Path:
        path = self.folder / project / uri[len("ubiops-file://") :]
        if not path.is_file():
            raise not_found("File")
        return path

    def put(self, project: str, bucket: str, name: str, source: Path) -> str:
        if bucket == "missing":
            raise not_found("Bucket")
        target = self.folder / project / bucket / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        return f"ubiops-file://{bucket}/{name}"


class Version:
    """A version with a revision that is built."""

    def __init__(self, bench: Bench, pk: int, names: tuple[str, str, str]) -> None:
        self.bench = bench
        self.pk = pk
        self.project, self.deployment, self.name = names

    def submit(self, data: Any, *, many: bool = False, mode: str = "express", **more: Any) -> Future[Outcome]:
        """Submits a job; its data are the inputs of one request, or several if many."""
        runner = self.bench.backend.runner
        assert runner is not None
        inputs = data if many else [data]
        options = {
            "request_id": f"request-{next(_numbers)}",
            "load": lambda: inputs,
            "timeout": 60,
            "user": "me",
            **more,
        }
        return runner.submit(Job(version=self.pk, many=many, mode=mode, **options))

    def outcome(self, data: Any = "", **more: Any) -> Outcome:
        """Runs a job and returns how it ended."""
        return self.submit(data, **more).result(60)

    def result(self, data: Any = "", **more: Any) -> Any:
        """Runs a job that must succeed and returns its result."""
        outcome = self.outcome(data, **more)
        assert outcome.status == "completed", outcome
        return outcome.result

    def error(self, data: Any = "", **more: Any) -> str:
        """Runs a job that must fail and returns its message."""
        outcome = self.outcome(data, **more)
        assert outcome.status == "failed", outcome
        assert outcome.error_message
        return outcome.error_message

    def upload(self, files: Mapping[str, str | bytes] | bytes) -> str:
        """Uploads a package and returns the id of the revision."""
        package = files if isinstance(files, bytes) else pack(files)
        api = self.bench.api
        return str(api.revisions_file_upload(self.project, self.deployment, self.name, file=package).revision)

    def logs(self, **labels: Any) -> list[tuple[str, str]]:
        """Returns level and text of the log entries that have these labels."""
        return [
            (entry["level"], entry["log"])
            for entry in self.entries()
            if all(entry["labels"].get(name) == str(value) for name, value in labels.items())
        ]

    def texts(self, **labels: Any) -> list[str]:
        """Returns the texts of log entries."""
        return [text for _, text in self.logs(**labels)]

    def entries(self) -> list[dict[str, Any]]:
        """Returns the log entries of the project, oldest first."""
        with self.bench.backend.storage.reading() as db:
            rows = db.execute(LOGS, (self.project,)).fetchall()
        return [{**dict(row), "labels": json.loads(row["labels"])} for row in rows]


LOGS = (
    "SELECT log, level, system, labels FROM log_entries JOIN log_streams ON log_streams.pk = log_entries.stream"
    " WHERE log_entries.project = ? ORDER BY timestamp"
)


class Bench:
    """An emulator and what tests make in it."""

    def __init__(self, emulator: ubiops.emulator.Emulator) -> None:
        self.emulator = emulator
        self.api = emulator.api()
        self.backend: Backend = emulator._backend

    def version(
        self,
        files: Mapping[str, str | bytes] | str,
        *,
        inputs: Mapping[str, str] | None = None,
        outputs: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> Version:
        """Creates a version in a project of its own; the files may be its code."""
        project, deployment, name = f"project-{next(_numbers)}", "d", "v1"
        described: dict[str, Any] = {"name": deployment}
        for side, fields in (("input", inputs), ("output", outputs)):
            described[f"{side}_type"] = "plain" if fields is None else "structured"
            if fields is not None:
                described[f"{side}_fields"] = [{"name": key, "data_type": kind} for key, kind in fields.items()]
        self.api.deployments_create(project, described)
        created = self.api.deployment_versions_create(project, deployment, {"version": name, **settings})
        for secret, values in ((False, variables), (True, secrets)):
            for key, value in (values or {}).items():
                self.api.deployment_version_environment_variables_create(
                    project, deployment, name, {"name": key, "value": value, "secret": secret}
                )
        with self.backend.storage.reading() as db:
            pk = db.execute("SELECT pk FROM versions WHERE id = ?", (created.id,)).fetchone()[0]
        version = Version(self, pk, (project, deployment, name))
        version.upload({"deployment.py": files} if isinstance(files, str) else files)
        return version


@pytest.fixture(scope="module")
def emulator() -> Iterator[ubiops.emulator.Emulator]:
    with ubiops.emulator.start(build_seconds=(0, 0, 0)) as running:
        yield running


@pytest.fixture
def bench(emulator: ubiops.emulator.Emulator) -> Bench:
    """The shared emulator of a module."""
    return Bench(emulator)


@pytest.fixture
def make(bench: Bench) -> Callable[..., Version]:
    """Creates versions in the shared emulator."""
    return bench.version


@pytest.fixture
def buckets(bench: Bench, tmp_path: Path) -> Iterator[FolderBuckets]:
    """Buckets for the shared emulator."""
    before, bench.backend.bucket_files = bench.backend.bucket_files, FolderBuckets(tmp_path / "buckets")
    yield bench.backend.bucket_files
    bench.backend.bucket_files = before
