"""What code prints becomes log entries."""

from __future__ import annotations

from typing import Any, Callable

from ubiops.emulator.runtime.output import MASK, MAXIMUM_LINE, Masker, Output

Make = Callable[..., Any]

PRINTS = """
import sys
class Deployment:
    def request(self, data):
        exec(data)
        return 1
"""


def test_each_entry_has_all_labels(make: Make, bench: Any) -> None:
    version = make(PRINTS)
    revision = bench.api.revisions_list(version.project, "d", "v1")[0].id
    context = {
        "pipeline_id": "p1",
        "pipeline_name": "p",
        "pipeline_version": "v",
        "pipeline_version_id": "p2",
        "pipeline_object_id": "p3",
        "pipeline_object_name": "o",
        "pipeline_request_id": "p4",
        "anything_else": "x",
    }
    version.result("print('text')", request_id="r", context=context)
    entry = version.entries()[-1]
    labels = entry["labels"]
    deployment = bench.api.deployments_get(version.project, "d")
    assert len(labels.pop("instance_id")) == 36
    assert labels == {
        "deployment_id": deployment.id,
        "deployment_name": "d",
        "deployment_version": "v1",
        "deployment_version_id": bench.api.deployment_versions_get(version.project, "d", "v1").id,
        "deployment_version_revision_id": revision,
        "deployment_request_id": "r",
        "process_id": "0",
        "environment_name": "python3-11",
        "environment_tag": "v1",
        **{name: value for name, value in context.items() if name != "anything_else"},
    }
    assert (entry["log"], entry["level"], bool(entry["system"])) == ("text", "info", False)


def test_what_is_printed_at_the_start_belongs_to_no_request(make: Make) -> None:
    version = make("print('loaded')\nclass Deployment:\n  def request(self, data): return data")
    version.result("", request_id="r")
    assert version.texts(deployment_request_id="r") == []
    assert "loaded" in version.texts()


def test_levels_follow_the_stream(make: Make) -> None:
    version = make(PRINTS)
    version.result("print('out'); print('err', file=sys.stderr)", request_id="r")
    assert sorted(version.logs(deployment_request_id="r")) == [("error", "err"), ("info", "out")]


def test_logging_is_shown_without_being_configured(make: Make) -> None:
    version = make(PRINTS)
    code = "import logging; log = logging.getLogger('x'); log.info('a'); logging.warning('b'); log.error('c')"
    version.result(code, request_id="r")
    assert sorted(version.logs(deployment_request_id="r")) == [("error", "c"), ("info", "a"), ("info", "b")]


def test_code_may_configure_logging(make: Make) -> None:
    version = make(PRINTS)
    code = "import logging; logging.basicConfig(format='<%(message)s>', stream=sys.stdout); logging.error('a')"
    version.result(code, request_id="r")
    assert version.logs(deployment_request_id="r") == [("info", "<a>")]


def test_output_of_child_processes_and_unfinished_lines_are_shown(make: Make) -> None:
    version = make(PRINTS)
    version.result("import os; os.system('echo child; echo error >&2'); sys.stdout.write('no end')", request_id="r")
    assert sorted(version.texts(deployment_request_id="r")) == ["child", "error", "no end"]


def test_text_in_any_encoding_is_shown(make: Make) -> None:
    version = make(PRINTS)
    version.result("print('\\u20ac \\ud800'); sys.stdout.flush(); import os; os.write(1, b'\\xff\\n')", request_id="r")
    assert version.texts(deployment_request_id="r") == ["\u20ac \\ud800", "\ufffd"]


def test_a_progress_bar_is_one_line(make: Make) -> None:
    version = make(PRINTS)
    version.result("print('10%\\r50%\\r100%')", request_id="r")
    assert version.texts(deployment_request_id="r") == ["100%"]


def test_secrets_are_masked_wherever_they_are_shown(make: Make) -> None:
    version = make(
        "import os\nSECRET = os.environ['SECRET']\nprint('at the start', SECRET)\n" + PRINTS,
        secrets={"SECRET": "hunter 2"},
    )
    version.result("print(SECRET, repr(SECRET)); print('err', SECRET, file=sys.stderr)", request_id="r")
    assert version.error("raise ValueError(SECRET)", request_id="s")
    texts = version.texts()
    assert not any("hunter 2" in text for text in texts)
    assert f"at the start {MASK}" in texts
    assert f"{MASK} '{MASK}'" in texts
    assert f"ValueError: {MASK}" in texts


def test_what_is_printed_between_requests_is_shown_with_the_next_look(make: Make) -> None:
    version = make("""
        import threading
        class Deployment:
            def request(self, data, context):
                if data == "wait":
                    self.printed.wait()
                    return "done"
                self.printed = threading.Event()
                def late():
                    print("late")
                    self.printed.set()
                threading.Timer(0.05, late).start()
                return "done"
        """)
    version.result("")
    version.result("wait")
    assert "late" in version.texts()


class TestOutput:
    def collect(self, *secrets: str) -> tuple[Output, list[list[tuple[str, str]]]]:
        written: list[list[tuple[str, str]]] = []
        return Output(written.append, Masker(secrets)), written

    def test_lines_are_written_together_and_in_order(self) -> None:
        output, written = self.collect()
        output.feed("info", b"a\nb\n")
        output.feed("error", b"c\n")
        output.feed("info", b"d\ne")
        output.finish()
        assert written == [[("info", "a"), ("info", "b"), ("error", "c"), ("info", "d"), ("info", "e")]]

    def test_a_line_may_come_in_pieces(self) -> None:
        output, written = self.collect("secret")
        for piece in (b"a sec", b"ret", b" b\xe2", b"\x82\xac\nc"):
            output.feed("info", piece)
        output.finish()
        assert written == [[("info", f"a {MASK} b\u20ac"), ("info", "c")]]

    def test_a_long_line_is_cut(self) -> None:
        output, written = self.collect()
        output.feed("info", b"x" * (MAXIMUM_LINE + 7) + b"\n")
        output.finish()
        assert written == [[("info", "x" * MAXIMUM_LINE + " ... (7 more characters)")]]

    def test_a_secret_with_several_lines_is_masked_line_by_line(self) -> None:
        masker = Masker(["first\nsecond", "x"])
        assert masker.mask("first and x") == f"{MASK} and x"
        assert masker.mask("second") == MASK
        assert masker.mask(repr("first\nsecond")) == f"'{MASK}'"
