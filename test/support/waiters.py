"""All functions that wait, what they are called with, and a server for any of them."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from scripted import Peer, Wire, reply

CREATED = "2024-05-12T16:15:11.250000Z"


class Waiter(NamedTuple):
    """A function that waits.

    Attributes:
        name: Its name.
        names: The arguments after the client, in the order of the official client.
        optional: Those of them that may be left out.
        result: The name of the class of what it returns.
        subject: How errors call what it waits for.
        labels: The labels of the log lines; empty if it shows none.
    """

    name: str
    names: dict[str, str]
    optional: tuple[str, ...]
    result: str
    subject: str
    labels: str = ""


def _waiter(name: str, names: str, result: str, subject: str, labels: str = "", optional: str = "") -> Waiter:
    return Waiter(
        f"wait_for_{name}",
        {one: _VALUES[one] for one in ("project_name", *names.split())},
        tuple(optional.split()),
        result,
        subject,
        labels,
    )


_VALUES = {
    "project_name": "p",
    "deployment_name": "d",
    "version": "v",
    "revision_id": "r",
    "environment_name": "e",
    "tag_name": "t",
    "pipeline_name": "l",
    "request_id": "q",
    "experiment_name": "x",
    "run_id": "u",
    "export_id": "o",
    "import_id": "i",
}
_BASE = "deployment_name=`training-base-deployment` and deployment_version=`x`"
WAITERS = (
    _waiter(
        "deployment_version",
        "deployment_name version revision_id",
        "DeploymentVersionDetail",
        "the build of revision r of d v",
        "deployment_name=`d` and deployment_version=`v` and deployment_version_revision_id=`r`",
        "revision_id",
    ),
    _waiter(
        "revision",
        "deployment_name version revision_id",
        "RevisionList",
        "the build of revision r of d v",
        "deployment_name=`d` and deployment_version=`v` and deployment_version_revision_id=`r`",
    ),
    _waiter(
        "environment",
        "environment_name tag_name",
        "EnvironmentTagList",
        "the build of environment e:t",
        "environment_name=`e` and environment_tag=`t`",
        "tag_name",
    ),
    _waiter(
        "experiment",
        "experiment_name revision_id",
        "ExperimentDetail",
        "the build of revision r of experiment x",
        f"{_BASE} and deployment_version_revision_id=`r`",
        "revision_id",
    ),
    _waiter(
        "deployment_request",
        "deployment_name request_id",
        "DeploymentRequestSingleDetail",
        "request q to d",
        "deployment_name=`d` and deployment_request_id=`q`",
    ),
    _waiter(
        "deployment_version_request",
        "deployment_name version request_id",
        "DeploymentRequestSingleDetail",
        "request q to d v",
        "deployment_name=`d` and deployment_version=`v` and deployment_request_id=`q`",
    ),
    _waiter(
        "pipeline_request",
        "pipeline_name request_id",
        "PipelineRequestSingleDetail",
        "request q to pipeline l",
        "pipeline_name=`l` and pipeline_request_id=`q`",
    ),
    _waiter(
        "pipeline_version_request",
        "pipeline_name version request_id",
        "PipelineRequestSingleDetail",
        "request q to pipeline l v",
        "pipeline_name=`l` and pipeline_version=`v` and pipeline_request_id=`q`",
    ),
    _waiter(
        "experiment_run",
        "experiment_name run_id",
        "ExperimentRunDetail",
        "run u of experiment x",
        f"{_BASE} and deployment_request_id=`u`",
    ),
    _waiter("export", "export_id", "ExportDetail", "export o"),
    _waiter("import", "import_id", "ImportDetail", "import i"),
)


class AnyThing:
    """A server of one thing, whatever it is, whose status moves on with each poll.

    Attributes:
        statuses: The status of each poll; the last one is repeated.
        fields: The other fields of the thing.
        failures: Responses to send first: bytes, or steps of a scripted server.
        lines: The texts of the log lines.
        searches: The query strings of the searches for log lines, parsed.
        targets: The targets of all other requests.
    """

    def __init__(self, *statuses: str) -> None:
        self.statuses = list(statuses)
        self.fields: dict[str, Any] = {"id": "1", "creation_date": CREATED, "time_created": CREATED}
        self.failures: list[Any] = []
        self.lines: list[str] = []
        self.searches: list[dict[str, str]] = []
        self.targets: list[str] = []
        self.wire = Wire([self._respond])

    def _respond(self, peer: Peer) -> None:
        target = urlsplit(peer.read_request().target)
        if target.path.endswith("/logs"):
            search = {name: values[0] for name, values in parse_qs(target.query).items()}
            self.searches.append(search)
            start = int(search["start"])
            stamps = range(1_715_530_511_250_000_000, 1_715_530_511_250_000_000 + len(self.lines))
            found = [{"timestamp": at, "log": text} for at, text in zip(stamps, self.lines) if at >= start]
            peer.send(reply(200, found))
            return
        self.targets.append(target.path + (f"?{target.query}" if target.query else ""))
        if self.failures:
            failure = self.failures.pop(0)
            if failure == "cut":
                peer.reset()
            else:
                peer.send(failure)
        elif target.path.endswith("/environment-variables"):
            peer.send(reply(200, []))
        elif target.path.endswith("/tags"):
            peer.send(reply(200, [{**self.fields, "name": "t"}]))
        else:
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            peer.send(reply(200, {**self.fields, "status": status}))

    def __enter__(self) -> AnyThing:
        return self

    def __exit__(self, *error: object) -> None:
        self.wire.stop()
