"""What a package gets, and how its functions are called."""

from __future__ import annotations

import os
from typing import Any, Callable

import pytest

Make = Callable[..., Any]


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("self", ""),
        ("self, base_directory", "base_directory"),
        ("self, context", "context"),
        ("self, context, base_directory", "base_directory context"),
        ("self, *, base_directory, context", "base_directory context"),
        ("self, **kwargs", "base_directory context"),
        ("self, base_directory=None, other=1, context=None", "base_directory context"),
    ],
)
def test_deployment_is_constructed_with_what_it_names(make: Make, signature: str, expected: str) -> None:
    version = make(f"""
        class Deployment:
            def __init__({signature}):
                given = {{**locals(), **locals().get("kwargs", {{}})}}
                wanted = ("base_directory", "context")
                self.given = [name for name in wanted if given.get(name) is not None]
            def request(self, data):
                return " ".join(self.given)
        """)
    assert version.result() == expected


def test_a_deployment_may_have_no_constructor(make: Make) -> None:
    assert make("class Deployment:\n  def request(self, data): return data").result("a") == "a"


def test_the_context_of_a_deployment_names_everything(make: Make) -> None:
    version = make(
        """
        class Deployment:
            def __init__(self, base_directory, context):
                self.context = context
            def request(self, data):
                return {"context": self.context}
        """,
        inputs={"a": "int", "b": "file"},
        outputs={"context": "dict"},
        variables={"A": "1"},
    )
    context = version.result({"a": 1})["context"]
    assert context.pop("project_id")
    assert context.pop("deployment_id")
    assert context.pop("version_id")
    assert context == {
        "project": version.project,
        "deployment": "d",
        "version": "v1",
        "input_type": "structured",
        "output_type": "structured",
        "input_fields": ["a", "b"],
        "output_fields": ["context"],
        "language": "python3.11",
        "environment_variables": {"A": "1"},
        "process_id": 0,
    }


BOTH = """
class Deployment:
    def request(self, data):
        return {"request": data}
    def requests(self, data):
        return [{"requests": item} for item in data]
"""


def test_a_list_goes_to_requests_in_one_call(make: Make) -> None:
    assert make(BOTH).result(["a", "b"], many=True) == [{"requests": "a"}, {"requests": "b"}]


def test_a_single_input_goes_to_request(make: Make) -> None:
    assert make(BOTH).result("a") == {"request": "a"}


def test_a_list_goes_to_request_one_by_one_if_there_is_nothing_else(make: Make) -> None:
    version = make("class Deployment:\n  def request(self, data): return data * 2")
    assert version.result(["a", "b"], many=True) == ["aa", "bb"]


def test_a_single_input_goes_to_requests_as_a_list_if_there_is_nothing_else(make: Make) -> None:
    version = make("class Deployment:\n  def requests(self, data): return [item * 2 for item in data]")
    assert version.result("a") == "aa"


def test_many_inputs_may_have_one_result(make: Make) -> None:
    version = make(
        "class Deployment:\n  def requests(self, data): return {'n': len(data)}", inputs={}, outputs={"n": "int"}
    )
    assert version.result([{}, {}, {}], many=True) == {"n": 3}


def test_one_input_may_have_many_results(make: Make) -> None:
    version = make(
        "class Deployment:\n  def request(self, data): return [{'n': n} for n in range(data['n'])]",
        inputs={"n": "int"},
        outputs={"n": "int"},
    )
    assert version.result({"n": 2}) == [{"n": 0}, {"n": 1}]


def test_async_functions_are_awaited_in_one_loop(make: Make) -> None:
    version = make("""
        import asyncio
        class Deployment:
            async def request(self, data):
                await asyncio.sleep(0)
                return id(asyncio.get_running_loop())
            async def requests(self, data):
                return [await self.request(item) for item in data]
        """)
    assert version.result("a") == version.result("b") == version.result(["c"], many=True)[0]


@pytest.mark.parametrize(
    ("signature", "gets_it"),
    [
        ("self, data", False),
        ("self, data, context", True),
        ("self, data, ctx", True),
        ("self, data, context, other=1", True),
        ("self, *arguments", True),
        ("self, data, *, context", True),
        ("self, data, **kwargs", True),
    ],
)
def test_a_function_gets_the_context_if_it_accepts_two_arguments(make: Make, signature: str, gets_it: bool) -> None:
    version = make(f"""
        class Deployment:
            def request({signature}):
                return "request_mode" in repr(locals())
        """)
    assert version.result() is gets_it


def test_the_context_of_a_request(make: Make) -> None:
    version = make("""
        class Deployment:
            def request(self, data, context):
                return {name: value for name, value in context.items() if isinstance(value, str)}
        """)
    context = version.result("", mode="batch", request_id="r-1", user="u-1", context={"pipeline_id": "p-1"})
    assert context == {"id": "r-1", "request_mode": "batch", "user_id": "u-1", "pipeline_id": "p-1"}


def test_updates_are_streamed_in_order_and_before_the_result(make: Make) -> None:
    version = make("""
        class Deployment:
            def request(self, data, context):
                for number in range(100):
                    context["streaming_update"](f"{number}\\n")
                return "done"
        """)
    updates: list[str] = []
    assert version.result("", on_update=updates.append) == "done"
    assert updates == [f"{number}\n" for number in range(100)]


def test_updates_that_nobody_reads_are_accepted(make: Make) -> None:
    version = make("""
        class Deployment:
            def request(self, data, context):
                context["streaming_update"]("a")
                return "done"
        """)
    assert version.result() == "done"


def test_an_update_after_the_end_of_a_request_reaches_no_other_request(make: Make) -> None:
    version = make("""
        class Deployment:
            update = None
            def request(self, data, context):
                if self.update:
                    self.update("late")
                self.update = context["streaming_update"]
                return "done"
        """)
    updates: list[str] = []
    assert version.result("", on_update=updates.append) == "done"
    assert version.result("", on_update=updates.append) == "done"
    assert updates == []


@pytest.mark.parametrize("folder", ["", "deployment_package/", "any-name/"])
def test_modules_of_the_package_and_its_libraries_can_be_imported(make: Make, folder: str) -> None:
    version = make(
        {
            f"{folder}deployment.py": """
            import helper, lib
            class Deployment:
                def request(self, data):
                    return helper.NAME + lib.NAME + open("data.txt").read()
            """,
            f"{folder}helper.py": "NAME = 'helper '",
            f"{folder}libraries/lib/__init__.py": "NAME = 'library '",
            f"{folder}data.txt": "text",
        }
    )
    assert version.result() == "helper library text"


def test_the_package_is_the_working_folder_and_may_be_written_to(make: Make) -> None:
    version = make(
        {
            "deployment.py": """
            import os
            class Deployment:
                def __init__(self, base_directory):
                    self.folder = base_directory
                def request(self, data):
                    assert os.path.samefile(self.folder, os.getcwd()) and os.path.isabs(self.folder)
                    with open("count.txt", "r+") as file:
                        count = int(file.read()) + 1
                        file.seek(0)
                        file.write(str(count))
                    if data == "exit":
                        os._exit(1)
                    return count
            """,
            "count.txt": "0",
        }
    )
    assert [version.result(), version.result()] == [1, 2]
    # Another process begins with the package as it was uploaded.
    version.error("exit")
    assert version.result() == 1


@pytest.mark.parametrize("name", ["main.py", "main"])
def test_a_variable_names_the_file_with_the_code(make: Make, name: str) -> None:
    version = make(
        {"main.py": "class Deployment:\n  def request(self, data): return __name__"},
        variables={"SYS_DEPLOYMENT_FILE_NAME": name},
    )
    assert version.result() == "main"


ENVIRONMENT = """
import os
class Deployment:
    def request(self, data):
        return os.environ.get(data)
"""


def test_variables_are_in_the_environment_and_the_nearest_wins(make: Make, bench: Any) -> None:
    version = make(ENVIRONMENT, variables={"NEAR": "version"}, secrets={"SECRET": "clear text"})
    project, deployment = version.project, version.deployment
    for name in ("NEAR", "MIDDLE"):
        bench.api.deployment_environment_variables_create(
            project, deployment, {"name": name, "value": "deployment", "secret": False}
        )
    for name in ("NEAR", "MIDDLE", "FAR"):
        bench.emulator.set_project_variable(project, name, "project")
    expected = {"NEAR": "version", "MIDDLE": "deployment", "FAR": "project", "SECRET": "clear text"}
    assert {name: version.result(name) for name in expected} == expected


def test_code_can_find_the_api_of_its_emulator(make: Make, bench: Any) -> None:
    version = make(ENVIRONMENT)
    for prefix in ("UBIOPS_API", "INT_API"):
        address = "HOST" if prefix == "UBIOPS_API" else "URL"
        assert version.result(f"{prefix}_{address}") == bench.emulator.host
        assert version.result(f"{prefix}_TOKEN") == bench.emulator.token


def test_variables_replace_the_address_of_the_emulator(make: Make) -> None:
    version = make(
        ENVIRONMENT, variables={"UBIOPS_API_HOST": "https://example.com"}, secrets={"UBIOPS_API_TOKEN": "mine"}
    )
    assert version.result("UBIOPS_API_HOST") == "https://example.com"
    assert version.result("UBIOPS_API_TOKEN") == "mine"


def test_the_emulators_own_variables_are_not_passed_on(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not for uploaded code")
    version = make(ENVIRONMENT)
    assert version.result("AWS_SECRET_ACCESS_KEY") is None
    assert version.result("PATH") == os.environ["PATH"]


def test_variables_that_python_reads_when_it_starts_have_an_effect(make: Make) -> None:
    version = make(
        "import sys\nclass Deployment:\n  def request(self, data): return sys.flags.hash_randomization",
        variables={"PYTHONHASHSEED": "0"},
    )
    assert version.result() == 0
