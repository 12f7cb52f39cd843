"""Log lines that are shown during a wait, from a scripted server."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from manual_clock import ManualClock
from scripted import Peer, Wire, reply

import ubiops
from ubiops._waiting.display import LineDisplay, NotebookDisplay, TerminalDisplay
from ubiops._waiting.logs import label_query

CREATED = 1_715_530_511_250_000_000
LINE = "2024-05-12T16:15:11.250000Z"
LIMIT = 1000


class Build:
    """A server with a build whose status moves on with each poll.

    Attributes:
        statuses: The status of each poll; the last one is repeated.
        written: The log lines by the number of the polls before them.
        searches: The query strings of the searches, parsed.
    """

    def __init__(self, statuses: list[str], written: dict[int, list[str]]) -> None:
        self.statuses = statuses
        self.written = written
        self.searches: list[dict[str, str]] = []
        self.polls = 0
        self.failures: list[bytes] = []
        self.revision: dict[str, Any] = {"id": "r", "creation_date": LINE, "error_message": "no module"}
        self.wire = Wire([self._respond])

    def _respond(self, peer: Peer) -> None:
        target = urlsplit(peer.read_request().target)
        if target.path.endswith("/logs"):
            peer.send(self._logs({name: values[0] for name, values in parse_qs(target.query).items()}))
            return
        status = self.statuses[min(self.polls, len(self.statuses) - 1)]
        self.polls += 1
        peer.send(reply(200, {**self.revision, "status": status}))

    def _logs(self, search: dict[str, str]) -> bytes:
        self.searches.append(search)
        if self.failures:
            return self.failures.pop(0)
        texts = [text for poll, lines in self.written.items() if poll <= self.polls for text in lines]
        lines = [
            {"timestamp": CREATED + position, "log": text, "metadata": {"system": True}}
            for position, text in enumerate(texts)
        ]
        start, end = int(search["start"]), int(search["end"])
        return reply(200, [line for line in lines if start <= line["timestamp"] < end][: int(search["limit"])])


class Servers:
    """Starts servers and stops them all at the end."""

    def __init__(self) -> None:
        self.started: list[Wire] = []

    def __call__(self, statuses: list[str], written: dict[int, list[str]] | None = None) -> Build:
        build = Build(statuses, written or {})
        self.started.append(build.wire)
        return build


@pytest.fixture
def serve() -> Iterator[Servers]:
    servers = Servers()
    yield servers
    for wire in servers.started:
        wire.stop()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    clock = ManualClock()
    monkeypatch.setattr("ubiops._client.BaseClient._clock", clock)
    return clock


def wait(build: Build, **options: Any) -> ubiops.RevisionList:
    configuration = ubiops.Configuration(host=build.wire.host, token="x")
    with ubiops.ApiClient(configuration) as client:
        return ubiops.utils.wait_for_revision(client, "p", "d", "v1", "r", **{"stream_logs": True, **options})


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Returns the lines of standard output, without the seconds."""
    return [line.split(" after ")[0] for line in capsys.readouterr().out.splitlines()]


def test_each_line_is_shown_once_and_in_order(
    serve: Servers, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    build = serve(["queued", "building", "building", "success"], {2: ["one", "two\n"], 3: ["three\nfour"], 4: ["five"]})
    assert wait(build).status == "success"
    assert shown(capsys) == [
        "d v1: queued",
        "d v1: building",
        "  one",
        "  two",
        "  three",
        "  four",
        "d v1: success",
        "  five",
    ]


def test_the_search_is_for_the_revision_from_its_creation_on(
    serve: Servers, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    build = serve(["building", "success"], {1: ["one"]})
    wait(build)
    first, second = build.searches[:2]
    assert first["query"] == "| deployment_name=`d` and deployment_version=`v1` and deployment_version_revision_id=`r`"
    assert int(first["start"]) == CREATED
    assert int(second["start"]) == CREATED + 1
    assert int(first["end"]) > CREATED
    assert first["limit"] == str(LIMIT)


def test_a_wait_ends_with_its_last_line(serve: Servers, clock: ManualClock, capsys: pytest.CaptureFixture[str]) -> None:
    """Without logs after the end there is nothing to wait for."""
    build = serve(["success"])
    wait(build)
    assert clock.sleeps == []
    assert len(build.searches) == 1
    # Lines may be stored late: after some have arrived, there is another look.
    build = serve(["success"], {0: ["one"]})
    wait(build)
    assert clock.sleeps == [1.0]
    assert len(build.searches) == 2


def test_the_lines_of_a_failed_build_precede_the_error(
    serve: Servers, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ubiops.StatusError, match="failed: no module"):
        wait(serve(["failed"], {0: ["ModuleNotFoundError"]}))
    assert shown(capsys) == ["d v1: failed", "  ModuleNotFoundError"]


def test_more_lines_than_a_response_holds_are_all_shown(
    serve: Servers, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = [f"line {number}" for number in range(2 * LIMIT + 1)]
    wait(serve(["success"], {0: texts}))
    assert shown(capsys)[1:] == [f"  {text}" for text in texts]


def test_lines_are_not_read_beyond_the_timeout(
    serve: Servers, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    started = clock.now
    build = serve(["building"], {poll: [f"line {poll}"] for poll in range(100)})
    with pytest.raises(ubiops.WaitTimeoutError):
        wait(build, timeout=20)
    assert clock.now - started == pytest.approx(20)
    assert "  line 3" in shown(capsys)


@pytest.mark.parametrize("options", [{"stream_logs": False}, {"quiet": True}])
def test_logs_are_not_read_if_they_are_not_shown(
    options: dict[str, Any], serve: Servers, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    build = serve(["building", "success"], {0: ["one"]})
    wait(build, **options)
    assert build.searches == []
    assert "one" not in capsys.readouterr().out


@pytest.mark.parametrize("status", [403, 404, 501])
def test_logs_that_can_not_be_read_are_a_warning(
    status: int, serve: Servers, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    build = serve(["building", "building", "success"])
    build.failures = [reply(status, {"error": "No logs for you"})] * 9
    with pytest.warns(UserWarning, match=rf"the logs can't be shown: \({status}\) .*No logs for you") as warned:
        assert wait(build).status == "success"
    assert len(warned) == 1
    assert len(build.searches) == 1
    assert warned[0].filename == __file__


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_temporary_error_only_delays_the_logs(
    status: int, serve: Servers, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    build = serve(["building", "building", "success"], {0: ["one"]})
    build.failures = [reply(status, {"error": "Try again"}, "Retry-After: 0")]
    wait(build)
    assert [line for line in shown(capsys) if line.startswith("  ")] == ["  one"]


def test_without_a_date_the_search_starts_shortly_before_the_wait(
    serve: Servers, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    build = serve(["success"])
    build.revision["creation_date"] = "yesterday"
    wait(build)
    assert int(build.searches[0]["start"]) == pytest.approx((clock.now - 60) * 1e9)


def test_odd_lines_do_no_harm(serve: Servers, clock: ManualClock, capsys: pytest.CaptureFixture[str]) -> None:
    build = serve(["success"])
    odd = [{"timestamp": None, "log": None}, {"log": "no time"}, {"timestamp": "5", "log": 7}]
    build.failures = [reply(200, odd * 400)]
    wait(build)
    assert set(shown(capsys)) == {"d v1: success", "  no time", "  7"}


def test_values_are_quoted_in_a_query() -> None:
    assert (
        label_query(environment_name="e", environment_tag="a`b") == '| environment_name=`e` and environment_tag="a`b"'
    )


class Terminal(io.StringIO):
    encoding = "ascii"


def test_a_line_never_moves_the_cursor_or_breaks_the_encoding() -> None:
    terminal = Terminal()
    LineDisplay(terminal).log("a\x1b[2J\tb 数")
    assert terminal.getvalue() == "  a [2J   b ?\n"


def test_on_a_terminal_the_status_stays_below_the_lines() -> None:
    terminal = io.StringIO()
    display = TerminalDisplay(terminal)
    display.log("early")
    display.show("d v1", "building", 1)
    display.log("one")
    display.refresh(2)
    display.end_line()
    rows = [row.split("\r")[-1].rstrip() for row in terminal.getvalue().split("\n")]
    assert rows == ["  early", "  one", "d v1: building after 2.0 s", ""]


def test_in_a_notebook_lines_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    NotebookDisplay(lambda *given, **options: None).log("one")
    assert capsys.readouterr().out == "  one\n"
