"""Pipelines for tests: attachments and operators in short, and code by deployment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from thread_runner import ThreadRunner

from ubiops.emulator import Emulator
from ubiops.emulator.core.interfaces import Job, Outcome

Code = Callable[[Any, dict[str, Any]], Any]


def fields(**types: str) -> list[dict[str, str]]:
    """Returns fields of these names and types."""
    return [{"name": name, "data_type": data_type} for name, data_type in types.items()]


def attach(destination: str, *sources: Any) -> dict[str, Any]:
    """Returns an attachment.

    A source is a name, followed by the names of its fields. ``a>b`` maps a to b.
    """
    return {
        "destination_name": destination,
        "sources": [
            {
                "source_name": name,
                "mapping": [
                    {
                        "source_field_name": field.partition(">")[0],
                        "destination_field_name": field.rpartition(">")[2],
                    }
                    for field in mapped
                ],
            }
            for name, *mapped in sources
        ],
    }


def operator(name: str, kind: str, takes: Any = (), gives: Any = None, **configuration: Any) -> dict[str, Any]:
    """Returns an operator. Its output has the fields of its input by default."""
    return {
        "name": name,
        "reference_type": "operator",
        "reference_name": kind,
        "configuration": {
            "input_fields": list(takes),
            "output_fields": list(takes if gives is None else gives),
            **configuration,
        },
    }


class Pipes:
    """Creates deployments with code, and pipelines of them, in one project."""

    def __init__(self, api: Any, emulator: Emulator, package: bytes) -> None:
        self.api = api
        self._package = package
        self._emulator = emulator
        self.codes: dict[str, Code] = {}
        self.runner = CodeRunner(self)

    def deployment(self, name: str, code: Code | None = None, takes: Any = (), gives: Any = None) -> str:
        """Creates a deployment that is built. Without fields it is plain."""
        settings: dict[str, Any] = {"input_type": "plain", "output_type": "plain"}
        if takes or gives:
            settings = {
                "input_type": "structured",
                "input_fields": list(takes),
                "output_type": "structured",
                "output_fields": list(takes if gives is None else gives),
            }
        path: str = self.api.deployment(name, **settings)
        self.api.build(self.api.version(path), self._package)
        self.codes[name] = code or (lambda data, context: data)
        return path

    def pipeline(
        self,
        objects: list[dict[str, Any]],
        attachments: list[dict[str, Any]],
        takes: Any = (),
        gives: Any = None,
        name: str = "p",
        **settings: Any,
    ) -> str:
        """Creates a pipeline with a version v1. Without fields it is plain."""
        forms: dict[str, Any] = {"input_type": "plain", "output_type": "plain"}
        if takes:
            forms["input_type"], forms["input_fields"] = "structured", list(takes)
        given = takes if gives is None else gives
        if given:
            forms["output_type"], forms["output_fields"] = "structured", list(given)
        self.api.ok("POST", f"{self.api.project}/pipelines", {"name": name, **forms})
        body = {"version": "v1", "objects": objects, "attachments": attachments, **settings}
        self.api.ok("POST", f"{self.api.project}/pipelines/{name}/versions", body)
        return f"{self.api.project}/pipelines/{name}"

    def deployment_of(self, version: int) -> str:
        """Returns the name of the deployment that has a version."""
        with self._emulator._backend.storage.reading() as db:
            found = db.execute(
                "SELECT deployments.name FROM deployments JOIN versions ON versions.deployment = deployments.pk"
                " WHERE versions.pk = ?",
                (version,),
            ).fetchone()
        return str(found["name"])


class CodeRunner(ThreadRunner):
    """Runs the function that belongs to the deployment of a job."""

    def __init__(self, pipes: Pipes) -> None:
        super().__init__(self._call, threads=16)
        self._pipes = pipes
        self._job = threading.local()

    def _run(self, job: Job) -> Outcome | None:
        self._job.version = job.version
        return super()._run(job)

    def _call(self, data: Any, context: dict[str, Any]) -> Any:
        return self._pipes.codes[self._pipes.deployment_of(self._job.version)](data, context)
