"""A request that fails has a message, and everything else keeps running."""

from __future__ import annotations

import os
import sys
from typing import Any, Callable

import pytest

from ubiops.emulator.runtime import fields, monitor, output, process
from ubiops.emulator.runtime.host import GENERAL_ERROR, START_ERROR

Make = Callable[..., Any]

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells this of other processes")
RUN = """
class Deployment:
    def request(self, data):
        if data == "fine":
            return "fine"
        names = {}
        exec(data, names)
        return names.get("result")
"""


@pytest.fixture
def version(make: Make) -> Any:
    """A version that runs the code that a request sends."""
    return make(RUN)


def test_an_exception_has_a_general_message_and_its_traceback_is_logged(version: Any) -> None:
    assert version.error("1 / 0", request_id="r") == GENERAL_ERROR
    logged = version.logs(deployment_request_id="r")
    assert {level for level, _ in logged} == {"error"}
    texts = [text for _, text in logged]
    assert texts[0] == "Traceback (most recent call last):"
    assert "deployment.py" in texts[1]
    assert texts[-1] == "ZeroDivisionError: division by zero"
    assert version.result("fine") == "fine"


def test_an_exception_may_have_a_public_message(version: Any) -> None:
    code = "class PublicError(Exception):\n  public_error_message = 'for everyone'\nraise PublicError('for the logs')"
    assert version.error(code) == "for everyone"
    assert "for the logs" in version.texts()[-1]


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit(3)",
        "raise KeyboardInterrupt",
        "raise BaseException('x')",
        "class E(Exception):\n  def __str__(self): raise ValueError\nraise E",
        "class E(Exception):\n  __slots__ = ()\n  public_error_message = ''\nraise E",
        "f = lambda: f()\nf()",
        "raise MemoryError",
        "exec('(' * 10**6)",
        "int('9' * 10**6, 3)",
    ],
)
def test_any_exception_fails_the_request_alone(version: Any, code: str) -> None:
    before = version.result("import os; result = os.getpid()")
    assert version.error(code) == GENERAL_ERROR
    assert version.result("import os; result = os.getpid()") == before


def test_a_process_that_exits_fails_the_request(version: Any) -> None:
    outcome = version.outcome("import os; os._exit(3)")
    assert outcome.status == "failed"
    assert outcome.error_message.endswith("it exited with code 3")
    assert outcome.interrupted
    assert version.result("fine") == "fine"


@pytest.mark.parametrize("number", ["SIGSEGV", "SIGKILL", "SIGABRT"])
def test_a_process_that_crashes_fails_the_request(version: Any, number: str) -> None:
    error = version.error(f"import os, signal; os.kill(os.getpid(), signal.{number})", request_id=f"r-{number}")
    assert error.endswith(f"it was killed by the signal {number}")
    assert version.texts(deployment_request_id=f"r-{number}") == [error]
    assert version.result("fine") == "fine"


def test_a_crash_in_c_code_fails_the_request(version: Any) -> None:
    assert "SIGSEGV" in version.error("import ctypes; ctypes.string_at(0)")
    assert version.result("fine") == "fine"


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time; time.sleep(999)",
        "import signal\nsignal.pthread_sigmask(0, range(1, 65))\nwhile 1: pass",
    ],
)
def test_a_request_that_hangs_fails_when_its_time_is_up(version: Any, code: str) -> None:
    version.result("fine")
    outcome = version.outcome(code, timeout=0.3)
    assert outcome.error_message == "The time for the request has run out (0.3 seconds)"
    assert not outcome.interrupted
    assert version.result("fine") == "fine"


def test_the_time_of_an_express_request_runs_while_it_waits(version: Any) -> None:
    version.result("fine")
    first = version.submit("import time; time.sleep(999)", timeout=2)
    second = version.submit("fine", timeout=0.1)
    assert "before an instance could take it" in second.result(30).error_message
    assert first.result(30).status == "failed"


def test_an_exception_in_the_constructor_fails_requests(make: Make) -> None:
    version = make("""
        class Deployment:
            def __init__(self):
                raise ValueError("not today")
            def request(self, data):
                return data
        """)
    assert version.error() == START_ERROR
    assert version.error() == START_ERROR
    assert "ValueError: not today" in version.texts()


@pytest.mark.parametrize(
    ("code", "logged"),
    [
        ("import nothing_of_this_name\nclass Deployment:\n  def request(self, data): pass", "ModuleNotFoundError"),
        ("class Deployment:\n  def request(self, data): pass\nimport os; os._exit(4)", "it exited with code 4"),
        ("class Deployment:\n  def request(self, data): pass\ndel Deployment", "has no class Deployment"),
        ("class Deployment:\n  def request(self, data): pass\nDeployment.request = None", "neither"),
    ],
)
def test_code_that_can_not_be_loaded_fails_requests(make: Make, code: str, logged: str) -> None:
    version = make(code)
    assert "start" in version.error()
    assert any(logged in text for text in version.texts())


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("result = object()", "Object of type object is not JSON serializable"),
        ("result = {1, 2}", "Object of type set is not JSON serializable"),
        ("result = b'bytes'", "Object of type bytes is not JSON serializable"),
        ("result = float('nan')", "Out of range float values"),
        ("result = {(1, 2): 3}", "keys must be str"),
        ("result = '\\ud800'", "UTF-8"),
        ("result = []\nresult.append(result)", "Circular reference"),
        ("result = []\nfor _ in range(100_000): result = [result]", "nested too deeply"),
        ("result = []\nfor _ in range(500): result = [result]", "nested too deeply"),
        ("result = (number for number in [1])", "generator"),
        ("import asyncio; result = asyncio.new_event_loop()", "not JSON serializable"),
    ],
)
def test_a_result_that_can_not_be_written_as_json_fails_the_request(version: Any, code: str, message: str) -> None:
    assert message in version.error(code)
    assert version.result("fine") == "fine"


def test_a_result_that_is_too_large_fails_the_request(version: Any) -> None:
    error = version.error(f"result = 'x' * {process.MAXIMUM_RESULT}")
    assert "too large" in error
    assert version.result("fine") == "fine"


def test_a_large_result_is_returned(version: Any) -> None:
    assert version.result("result = 'x' * 10_000_000") == "x" * 10_000_000


def test_printing_without_end_is_bounded(version: Any) -> None:
    assert version.result("for _ in range(1600): print('x' * 65_536)\nresult = 1", request_id="r") == 1
    texts = version.texts(deployment_request_id="r")
    assert sum(map(len, texts)) < output.MAXIMUM_BYTES + 1000
    assert "more bytes of output were dropped" in texts[-1]
    assert version.result("print('again')\nresult = 2", request_id="s") == 2
    assert version.texts(deployment_request_id="s") == ["again"]


def test_many_short_lines_are_bounded(version: Any) -> None:
    version.result(f"for n in range({output.MAXIMUM_LINES} + 5): print(n)", request_id="r")
    texts = version.texts(deployment_request_id="r")
    assert len(texts) == output.MAXIMUM_LINES + 1
    assert texts[-2] == str(output.MAXIMUM_LINES - 1)


@pytest.mark.parametrize(
    "code",
    ["import sys; sys.stdout.close()", "import os; os.close(1); os.close(2)", "import sys; sys.stdout = None"],
)
def test_code_that_closes_its_output_gets_a_new_process_for_the_next_request(version: Any, code: str) -> None:
    version.outcome(code)
    assert version.result("print('visible')\nresult = 1", request_id="r") == 1
    assert version.texts(deployment_request_id="r") == ["visible"]


def test_code_that_closes_all_descriptors_fails_its_request_alone(version: Any) -> None:
    assert version.error("import os; os.closerange(0, 1000)")
    assert version.result("fine") == "fine"


def test_code_that_writes_into_all_descriptors_fails_its_request_alone(version: Any) -> None:
    code = """
import os
for descriptor in range(3, 1000):
    try:
        os.write(descriptor, b"\\xff" * 100)
    except OSError:
        pass
"""
    assert "message that is too large" in version.error(code)
    assert version.result("fine") == "fine"


def test_code_that_sends_results_itself_does_not_end_later_requests(version: Any) -> None:
    code = """
import json, os, socket, struct
for descriptor in range(3, 1000):
    try:
        connection = socket.socket(fileno=descriptor)
    except OSError:
        continue
    message = json.dumps({"type": "done", "result": "forged"}).encode()
    connection.sendall((struct.pack(">Q", len(message)) + message) * 3)
    connection.detach()
result = "own"
"""
    assert version.result(code) == "own"
    assert version.result("fine") == "fine"


def test_an_update_that_comes_too_late_does_not_reach_the_next_request(make: Make) -> None:
    version = make(
        """
        import threading, time
        from types import SimpleNamespace

        def go_on(update):
            # As if it had looked whether the request goes on before that ended.
            cell = update.__closure__[update.__code__.co_freevars.index("ended")]
            cell.cell_contents = SimpleNamespace(is_set=lambda: False, set=lambda: None)
            while True:
                update("late")
                time.sleep(0.01)

        class Deployment:
            def request(self, data, context):
                update = context["streaming_update"]
                if data == "first":
                    threading.Thread(target=go_on, args=[update], daemon=True).start()
                    return data
                update("own")
                time.sleep(0.3)
                return data
        """
    )
    updates: list[str] = []
    assert version.result("first") == "first"
    assert version.result("second", on_update=updates.append) == "second"
    assert updates == ["own"]


def test_a_process_that_code_forks_does_not_take_part(version: Any) -> None:
    assert version.result("import os\nresult = 1 if os.fork() else 2") == 1
    assert version.result("fine") == "fine"


@LINUX
def test_code_that_forks_without_end_is_stopped(version: Any) -> None:
    code = f"""
import os, time
for _ in range({monitor.MAXIMUM_PROCESSES} + 50):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
time.sleep(60)
"""
    error = version.error(code)
    assert f"more than {monitor.MAXIMUM_PROCESSES} processes" in error
    assert version.result("fine") == "fine"


def test_what_code_forked_ends_together_with_its_process(version: Any) -> None:
    # The other end of the pipe is closed when the last process that has it has ended.
    read, write = os.pipe()
    os.set_inheritable(write, True)
    path = f"/proc/{os.getpid()}/fd/{write}"
    if not os.path.exists(path):
        pytest.skip("this system has no /proc")
    code = f"""
import os, subprocess, sys
held = open({path!r}, "w")
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=[held.fileno()])
os._exit(1)
"""
    assert version.error(code)
    os.close(write)
    assert os.read(read, 1) == b""
    os.close(read)


@LINUX
def test_what_code_started_in_another_session_ends_as_well(version: Any) -> None:
    read, write = os.pipe()
    path = f"/proc/{os.getpid()}/fd/{write}"
    code = f"""
import os, subprocess, sys
held = open({path!r}, "w")
command = [sys.executable, "-c", "import time; time.sleep(60)"]
subprocess.Popen(command, pass_fds=[held.fileno()], start_new_session=True)
os._exit(1)
"""
    assert version.error(code)
    os.close(write)
    assert os.read(read, 1) == b""
    os.close(read)


@LINUX
def test_code_that_uses_more_memory_than_its_instance_has_is_stopped(make: Make) -> None:
    version = make(RUN, instance_type="256mb")
    error = version.error("import time\nheld = bytearray(300 * 1024**2)\nheld[:] = bytes(len(held))\ntime.sleep(60)")
    assert "it ran out of memory: an instance has 256 MB" in error
    assert version.result("fine") == "fine"


def test_inputs_that_can_not_be_loaded_fail_the_request(version: Any, caplog: pytest.LogCaptureFixture) -> None:
    def load() -> list[str]:
        raise OSError("gone")

    assert "could not run" in version.error("fine", load=load)
    assert version.result("fine") == "fine"
    assert "gone" in caplog.text


def test_other_versions_are_served_while_one_hangs(version: Any, make: Make) -> None:
    hanging = version.submit("while True: pass", timeout=2)
    assert make(RUN).result("fine") == "fine"
    assert not hanging.done()
    assert hanging.result(30).status == "failed"


@pytest.mark.parametrize(
    ("result", "kinds", "message"),
    [
        ("1", {"a": "int"}, "a dictionary with its output fields (a)"),
        ({}, {"a": "int"}, "lacks the output field 'a'"),
        ({"a": 1, "b": 2}, {"a": "int"}, "the field 'b', which is not an output field"),
        ({"a": "1"}, {"a": "int"}, "'a' must be of the type int, but is a string"),
        ({"a": True}, {"a": "int"}, "'a' must be of the type int, but is a boolean"),
        ({"a": 1.5}, {"a": "int"}, "'a' must be of the type int, but is a number"),
        ({"a": 1}, {"a": "bool"}, "must be of the type bool"),
        ({"a": 1}, {"a": "string"}, "must be of the type string"),
        ({"a": []}, {"a": "dict"}, "must be of the type dict, but is a list"),
        ({"a": [1, "2"]}, {"a": "array_int"}, "must be of the type array_int"),
        ({"a": {"path": "x"}}, {"a": "file"}, "must be of the type file"),
        ([{"a": 1}, {"a": "x"}], {"a": "int"}, "must be of the type int"),
        ([[{"a": 1}], [{"b": 1}]], {"a": "int"}, "lacks the output field"),
    ],
)
def test_results_are_checked_against_output_fields(result: Any, kinds: dict[str, str], message: str) -> None:
    with pytest.raises(fields.FieldError) as caught:
        fields.check_result(result, kinds)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, "int"),
        (1, "double"),
        (1.5, "double"),
        ("x", "string"),
        (False, "bool"),
        ({"x": 1}, "dict"),
        ([1, 2.5], "array_double"),
        ([], "array_string"),
        ("x.csv", "file"),
        ({"file": "x.csv", "bucket": "b", "bucket_file": "c"}, "file"),
        (["x", {"file": "y"}], "array_file"),
        (None, "int"),
    ],
)
def test_values_of_each_type_are_accepted(value: Any, kind: str) -> None:
    fields.check_result({"a": value}, {"a": kind})


def test_a_result_without_its_output_fields_fails_the_request(make: Make) -> None:
    version = make("class Deployment:\n  def request(self, data): return {'b': 1}", outputs={"a": "int"})
    assert "lacks the output field 'a'" in version.error("", request_id="r")
    assert version.logs(deployment_request_id="r")[0][0] == "error"


def test_a_caller_that_can_not_take_updates_fails_its_request_alone(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    version = make("""
        class Deployment:
            def request(self, data, context):
                context["streaming_update"]("a")
                return data
        """)

    def on_update(text: str) -> None:
        raise ValueError("no updates")

    assert "could not run" in version.error("first", on_update=on_update)
    assert version.result("second") == "second"
    assert "no updates" in caplog.text


def test_an_idle_process_that_prints_without_end_goes_on(make: Make) -> None:
    version = make("""
        import threading
        class Deployment:
            def __init__(self):
                def prints():
                    while True:
                        print("x" * 1000)
                threading.Thread(target=prints, daemon=True).start()
            def request(self, data):
                return data
        """)
    assert version.result("a") == "a"
    assert version.result("b") == "b"
