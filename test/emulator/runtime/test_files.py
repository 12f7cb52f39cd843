"""Files of requests: from buckets to local paths, and back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

import pytest

Make = Callable[..., Any]

READS = """
import os
class Deployment:
    def request(self, data):
        paths = data["many"] if "many" in data else [data["one"]]
        assert all(os.path.isabs(path) for path in paths)
        found = [[os.path.basename(path), open(path).read()] for path in paths]
        for path in paths:
            open(path, "w").write("changed")
        return {"found": found, "text": data.get("text", "")}
"""
FILES = {"one": "file", "many": "array_file", "text": "string"}
WRITES = """
class Deployment:
    def request(self, data):
        with open("out.txt", "w") as file:
            file.write("content")
        names = {"result": None}
        exec(data, names)
        return names["result"]
"""


@pytest.fixture
def stored(buckets: Any, make: Make) -> Callable[..., Any]:
    """Creates a version and puts files into a bucket of its project."""

    def store(code: str, *names: str, **settings: Any) -> Any:
        version = make(code, **settings)
        for name in names:
            path = buckets.folder / version.project / "default" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"content of {name}")
        return version

    return store


def test_a_file_input_is_a_local_copy_with_its_name(stored: Callable[..., Any], buckets: Any) -> None:
    version = stored(READS, "some/a.txt", inputs=FILES, outputs=None)
    uri = "ubiops-file://default/some/a.txt"
    assert version.result({"one": uri, "text": uri}) == {"found": [["a.txt", "content of some/a.txt"]], "text": uri}
    assert (buckets.folder / version.project / "default/some/a.txt").read_text() == "content of some/a.txt"


def test_a_file_that_is_replaced_while_it_is_copied_is_looked_for_again(
    stored: Callable[..., Any], buckets: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = stored(READS, "a.txt", inputs={"one": "file"})
    paths = [buckets.folder / "gone"]
    find = buckets.open
    monkeypatch.setattr(buckets, "open", lambda project, uri: paths.pop() if paths else find(project, uri))
    assert version.result({"one": "ubiops-file://default/a.txt"})["found"] == [["a.txt", "content of a.txt"]]
    paths += [buckets.folder / "gone"] * 20
    assert "can't be read: No such file" in version.error({"one": "ubiops-file://default/a.txt"})


@pytest.mark.parametrize("length", [300, 900])
def test_a_name_that_is_too_long_for_the_system_is_cut(
    stored: Callable[..., Any], buckets: Any, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    version = stored(READS, "a.txt", inputs={"one": "file"})
    monkeypatch.setattr(buckets, "open", lambda project, uri: buckets.folder / project / "default" / "a.txt")
    (name, content), *_ = version.result({"one": f"ubiops-file://default/{'x' * length}é.csv"})["found"]
    assert content == "content of a.txt"
    assert name.endswith("xé.csv")


def test_files_with_equal_names_do_not_replace_each_other(stored: Callable[..., Any]) -> None:
    version = stored(READS, "1/a", "2/a", inputs=FILES)
    uris = ["ubiops-file://default/1/a", "ubiops-file://default/2/a"]
    assert version.result({"many": uris})["found"] == [["a", "content of 1/a"], ["a", "content of 2/a"]]


def test_a_missing_file_fails_the_request(stored: Callable[..., Any]) -> None:
    version = stored(READS, inputs=FILES)
    error = version.error({"one": "ubiops-file://default/missing"}, request_id="r")
    assert error == "The file ubiops-file://default/missing of the field 'one' can't be read: File was not found"
    assert version.logs(deployment_request_id="r") == [("error", error)]


def test_inputs_of_a_request_are_removed_after_it(stored: Callable[..., Any]) -> None:
    version = stored("class Deployment:\n  def request(self, data): return data['one']", "a", inputs=FILES)
    path = version.result({"one": "ubiops-file://default/a"})
    assert not os.path.exists(os.path.dirname(path))


def test_an_output_file_goes_to_a_place_of_its_request(stored: Callable[..., Any], buckets: Any) -> None:
    version = stored(WRITES, outputs={"file": "file"})
    uri = version.result("result = {'file': 'out.txt'}", request_id="r")["file"]
    assert uri == "ubiops-file://default/deployment_requests/r/output/out.txt"
    assert buckets.open(version.project, uri).read_text() == "content"


def test_code_may_choose_bucket_and_name_of_an_output_file(stored: Callable[..., Any], buckets: Any) -> None:
    version = stored(WRITES, outputs={"file": "file", "more": "array_file"})
    code = """
import os
chosen = {"file": os.path.abspath("out.txt"), "bucket": "b", "bucket_file": "c/d"}
result = {"file": chosen, "more": ["out.txt", chosen]}
"""
    result = version.result(code, request_id="r")
    first = "ubiops-file://default/deployment_requests/r/output/out.txt"
    assert result == {"file": "ubiops-file://b/c/d", "more": [first, "ubiops-file://b/c/d"]}
    assert buckets.open(version.project, "ubiops-file://b/c/d").read_text() == "content"


def test_a_variable_names_the_bucket_of_output_files(stored: Callable[..., Any]) -> None:
    version = stored(WRITES, outputs={"file": "file"}, variables={"SYS_DEFAULT_BUCKET": "mine"})
    uri = version.result("result = {'file': 'out.txt'}")["file"]
    assert uri.startswith("ubiops-file://mine/")


def test_a_uri_or_nothing_as_an_output_file_is_left_alone(stored: Callable[..., Any]) -> None:
    version = stored(WRITES, outputs={"file": "file", "other": "file"})
    result = {"file": "ubiops-file://default/x", "other": None}
    assert version.result(f"result = {result!r}") == result


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("'missing.txt'", "does not exist"),
        ("'nul\\0'", "does not exist"),
        ("'.'", "is not a file"),
        ("'/dev/zero'", "is not a file"),
        ("{'file': 'out.txt', 'bucket': 'missing'}", "can't be stored: Bucket was not found"),
        ("{'file': 7}", "must be of the type file"),
    ],
)
def test_an_output_file_that_can_not_be_stored_fails_the_request(
    stored: Callable[..., Any], value: str, message: str
) -> None:
    version = stored(WRITES, outputs={"file": "file"})
    assert message in version.error(f"result = {{'file': {value}}}")


def test_files_of_the_emulator_are_not_handed_out(stored: Callable[..., Any], bench: Any) -> None:
    version = stored(WRITES, outputs={"file": "file"})
    database = Path(bench.backend.files.path("")).parent / "emulator.sqlite3"
    assert database.exists()
    assert "belongs to the emulator" in version.error(f"result = {{'file': {str(database)!r}}}")
    code = f"import os; os.symlink({str(database)!r}, 'link'); result = {{'file': 'link'}}"
    assert "belongs to the emulator" in version.error(code)


def test_without_buckets_files_fail_requests_clearly(make: Make, bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.backend, "bucket_files", None)
    version = make(WRITES, inputs={"one": "file", "code": "string"}, outputs={"file": "file"})
    assert "has no buckets" in version.error({"one": "ubiops-file://default/a"})
