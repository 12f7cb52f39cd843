"""What a beginner is told after each of 45 common mistakes, by their numbers.

A row is tried here against the emulator, or names the test elsewhere that states what
is said. Waiting, packages and the command line have tests of their own.
"""

from __future__ import annotations

import asyncio
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import ubiops

# Many mistakes are such that type checkers report them, too.
untyped: Any = ubiops
ROOT = Path(__file__).resolve().parents[2]
PLAIN = {"input_type": "plain", "output_type": "plain"}
TOKEN_HINT = "set UBIOPS_API_TOKEN or configuration.api_key['Authorization']"


class Place(NamedTuple):
    """The setting of a mistake: a project with a deployment `d` and a version `v`."""

    api: Any
    project: str
    host: str
    folder: Path

    def other(self, **settings: Any) -> Any:
        """Returns another client of the same emulator."""
        return ubiops.CoreApi(host=self.host, **settings)


class Row(NamedTuple):
    """A mistake, and what is raised or warned of."""

    number: int
    mistake: Callable[[Place], Any]
    error: type[BaseException]
    said: tuple[str, ...]


def _await(work: Any) -> None:
    asyncio.run(work)


async def _async_with() -> None:
    api: Any = ubiops.CoreApi()
    async with api:
        pass


async def _await_blocking(place: Place) -> None:
    await place.api.deployments_list(place.project)


def _set(name: str, value: Any) -> Callable[[Place], Any]:
    return lambda _: setattr(ubiops.Configuration(), name, value)


def _without_token(place: Place) -> Any:
    client = pickle.loads(pickle.dumps(place.other(token="x").api_client))
    return ubiops.CoreApi(client).deployments_list("p")


def _text_file(place: Place) -> Any:
    path = place.folder / "package.zip"
    path.write_text("x")
    with path.open() as file:
        return place.api.revisions_file_upload(place.project, "d", "v", file=file)


def _code_file(place: Place) -> Path:
    path = place.folder / "deployment.py"
    path.write_text("class Deployment: ...")
    return path


UNAUTHORIZED = ubiops.UnauthorizedError
ROWS = [
    # --- token and address ------------------------------------------------------------
    Row(1, lambda p: p.other().deployments_list("p"), UNAUTHORIZED, (f"hint: no API token was sent: {TOKEN_HINT}",)),
    Row(
        3,
        lambda p: p.other(token="<INSERT TOKEN>").deployments_list("p"),
        UNAUTHORIZED,
        ("Invalid token: it contains a space", "hint: the API token was not accepted"),
    ),
    Row(
        4,
        lambda _: untyped.Configuration(api_key="x"),
        TypeError,
        ('api_key must be a dict such as {"Authorization": "Token <secret>"}, got str',),
    ),
    Row(
        5,
        lambda _: untyped.CoreApi(ubiops.Configuration()),
        TypeError,
        ("pass a configuration to the client: ubiops.ApiClient(configuration)",),
    ),
    Row(5, lambda _: untyped.CoreApi("x"), TypeError, ("pass a token as token='...'",)),
    Row(
        6,
        lambda _: untyped.CoreApi(tokn="x"),
        TypeError,
        ("CoreApi() got an unexpected keyword argument 'tokn'; did you mean 'token'?",),
    ),
    Row(
        6,
        lambda _: untyped.CoreApi(max_retries=1),
        TypeError,
        ("ubiops.CoreApi(ubiops.ApiClient(ubiops.Configuration(max_retries=...)))",),
    ),
    Row(
        6,
        lambda _: untyped.Configuration(verifyssl=False),
        TypeError,
        ("Configuration() got an unexpected keyword argument 'verifyssl'; did you mean 'verify_ssl'?",),
    ),
    Row(
        7,
        lambda _: ubiops.Configuration(api_key={"Autorization": "x"}),
        ubiops.UnknownFieldWarning,
        ("api_key has 'Autorization', which is not used: the key of the API token is 'Authorization'",),
    ),
    Row(
        9,
        lambda _: ubiops.CoreApi(host="htps://api.ubiops.com"),
        ValueError,
        ("its scheme is 'htps'", "It looks like 'https://api.ubiops.com/v2.1'"),
    ),
    Row(
        9,
        lambda _: ubiops.CoreApi(host="https://x/v2.1?a=b"),
        ValueError,
        ("it contains a query or a fragment",),
    ),
    Row(
        12,
        _set("hots", "https://elsewhere"),
        ubiops.UnknownFieldWarning,
        ("Configuration has no setting 'hots', so it is ignored; did you mean 'host'?",),
    ),
    Row(12, _set("verifyssl", False), ubiops.UnknownFieldWarning, ("did you mean 'verify_ssl'?",)),
    Row(12, _set("timeout", 3), ubiops.UnknownFieldWarning, ("did you mean 'read_timeout'?",)),
    Row(12, _set("retries", 5), ubiops.UnknownFieldWarning, ("did you mean 'max_retries'?",)),
    Row(12, _set("proxies", {}), ubiops.UnknownFieldWarning, ("did you mean 'proxy'?",)),
    # --- arguments and models ---------------------------------------------------------
    Row(
        13,
        lambda p: p.api.deployments_list(),
        ValueError,
        (
            "deployments_list() needs a value for 'project_name': it is missing or None; "
            "CoreApi(project=...) sets a default",
        ),
    ),
    Row(13, lambda p: p.api.deployments_list(None), ValueError, ("needs a value for 'project_name'",)),
    Row(13, lambda p: p.api.deployments_list(""), ValueError, ("does not accept an empty string",)),
    Row(
        14,
        lambda p: p.api.deployments_create(p.project, {"name": "my model", **PLAIN}),
        ubiops.BadRequestError,
        ("my model", "is not a valid name"),
    ),
    Row(
        15,
        lambda p: untyped.DeploymentVersionCreate(version="v", maximum_instances="2"),
        TypeError,
        ("DeploymentVersionCreate.maximum_instances must be an integer, got str: '2'",),
    ),
    Row(
        15,
        lambda p: untyped.DeploymentCreate(name="d", input_type="text", output_type="plain"),
        ValueError,
        ("DeploymentCreate.input_type must be one of",),
    ),
    Row(
        16,
        lambda p: untyped.DeploymentCreate(nam="d", **PLAIN),
        ubiops.UnknownFieldWarning,
        ("DeploymentCreate has no field 'nam'", "did you mean 'name'?"),
    ),
    Row(
        17,
        lambda p: p.api.deployments_create(p.project, {"nmae": "d", **PLAIN}),
        ubiops.UnknownFieldWarning,
        ("DeploymentCreate has no field 'nmae', but it is sent; did you mean 'name'?",),
    ),
    Row(
        17,
        lambda p: p.api.deployment_versions_create(p.project, "d", {"version": "w", "maximum_instance": 1}),
        ubiops.UnknownFieldWarning,
        ("did you mean 'maximum_instances'?",),
    ),
    Row(
        18,
        lambda p: p.api.deployments_create(p.project, name="d"),
        TypeError,
        ("unexpected keyword argument 'name'", "a field goes into data=ubiops.DeploymentCreate(...)"),
    ),
    Row(
        19,
        lambda p: p.api.deployment_versions_create(p.project, "d", ubiops.DeploymentCreate(name="d", **PLAIN)),
        TypeError,
        (
            "deployment_versions_create(): 'data' must be a DeploymentVersionCreate, got a DeploymentCreate: "
            "DeploymentVersionCreate.version must be given",
        ),
    ),
    Row(
        20,
        lambda p: p.api.revisions_file_upload(p.project, "d", "v", file="nope.zip"),
        FileNotFoundError,
        ("file can't be read from 'nope.zip': No such file or directory",),
    ),
    Row(
        22,
        lambda p: p.api.revisions_file_upload(p.project, "d", "v", file=_code_file(p)),
        ValueError,
        (
            "file must be a zip file, but ",
            "deployment.py' is not one",
            "Give a zip file, or a folder",
            "open(",
            "'rb')",
        ),
    ),
    Row(21, _text_file, TypeError, ("file must be opened in binary mode ('rb')",)),
    Row(
        27,
        lambda p: p.api.deployments_list(p.project, limit=3),
        TypeError,
        ("deployments_list() got an unexpected keyword argument 'limit'; it accepts project_name, labels",),
    ),
    Row(28, lambda p: p.api.deployments_list(p.project, timeout=5), TypeError, ("did you mean '_request_timeout'?",)),
    Row(28, lambda p: p.api.deployments_list(p.project, headers={}), TypeError, ("did you mean '_headers'?",)),
    Row(
        29,
        lambda p: p.api.revisions_file_upload(p.project, "d", "v", "package.zip"),
        TypeError,
        (
            "revisions_file_upload() accepts at most 3 positional arguments (project_name, deployment_name, version), "
            "got 4; give the others by name: file=..., source_deployment=...",
        ),
    ),
    Row(
        30,
        lambda p: p.api.deployments_get("d", p.project),
        ubiops.NotFoundError,
        ("Deployment was not found", "hint: check project_name='d', deployment_name='project"),
    ),
    Row(
        31,
        lambda p: p.api.deployment_environment_variables_get(p.project, "d", "MODEL"),
        ubiops.NotFoundError,
        ("id='MODEL'; id must be an id (a UUID), not a name",),
    ),
    Row(
        26,
        lambda p: p.api.deployments_get(p.project, "d").nmae,
        AttributeError,
        ("nmae",),
    ),
    # --- ways to use a client ---------------------------------------------------------
    Row(
        34,
        _without_token,
        UNAUTHORIZED,
        ("this client was unpickled, and a pickle never contains the token", "Set UBIOPS_API_TOKEN in this process"),
    ),
    Row(
        35,
        lambda p: _await(_async_with()),
        TypeError,
        ("ubiops.CoreApi is the blocking client: use 'with', or 'async with ubiops.aio.CoreApi(...)'",),
    ),
    # Python's own words, which docs/troubleshooting.md explains: with an `__await__` of
    # its own, frameworks would take a list for something to be awaited.
    Row(35, lambda p: _await(_await_blocking(p)), TypeError, ("'await' expression",)),
    Row(
        36,
        lambda p: p.api.deployments_get(p.project, "d", async_req=True).name,
        AttributeError,
        ("async_req=True returns the call that is under way: its result is that of get()",),
    ),
    Row(
        36,
        lambda p: list(p.api.deployments_list(p.project, async_req=True)),
        TypeError,
        ("is not iterable; async_req=True returns the call",),
    ),
    Row(39, lambda p: p.api.deployments_list("p", _request_timeout=0), ValueError, ("must be a number of seconds",)),
    Row(39, lambda p: p.api.deployments_list("p", _request_timeout="5"), TypeError, ("must be a number of seconds",)),
    Row(39, _set("verify_ssl", "false"), TypeError, ("verify_ssl must be True or False, got str: 'false'",)),
    Row(44, lambda p: p.api.deployments_create(p.project, {"name": "d", **PLAIN}), ubiops.ConflictError, ("'d'",)),
]

ELSEWHERE = {
    8: ("test/faults/test_secrets.py", "test_an_unknown_host_shows_no_secret"),
    10: ("test/faults/test_tls.py", "test_https_to_a_server_without_tls_hints_at_http"),
    11: ("test/faults/test_tls.py", "test_http_to_a_server_that_expects_tls_hints_at_https"),
    23: ("test/emulator/test_package.py", "test_an_archive_without_code_fails_the_build"),
    24: ("test/utils/test_wait_for.py", "test_version_without_revision_is_an_error"),
    25: ("test/utils/test_wait_for.py", "test_an_expired_timeout_raises_one_error_of_many_kinds"),
    32: ("test/faults/test_connections.py", "test_an_unread_body_is_not_read_as_the_next_response"),
    33: ("test/faults/test_processes.py", "test_after_a_fork_each_process_has_its_own_connections"),
    37: ("test/faults/test_proxies.py", "test_an_unreachable_proxy_is_named_with_its_source_and_retried"),
    38: ("test/faults/test_tls.py", "test_an_invalid_certificate_is_rejected_with_a_hint"),
    40: ("test/faults/test_messages.py", "test_a_read_timeout_is_reported_in_seconds"),
    41: ("test/faults/test_uploads.py", "test_ctrl_c_leaves_nothing_behind"),
    42: ("test/client/test_signposts.py", "test_a_method_of_the_api_that_is_not_covered_says_how_to_call_it"),
    43: ("test/faults/test_responses.py", "test_a_redirect_to_another_origin_is_an_error_and_sends_no_credentials"),
    45: ("test/packaging/test_wheel.py", "test_progress_bar_without_its_extra_is_plain"),
}


@pytest.fixture(scope="module")
def place(emulator: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    project = "project-of-beginners"
    with ubiops.CoreApi(ubiops.ApiClient(emulator.configuration())) as api:
        api.deployments_create(project, {"name": "d", **PLAIN})
        api.deployment_versions_create(project, "d", {"version": "v"})
        yield Place(api, project, emulator.configuration().host, tmp_path_factory.mktemp("beginners"))


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.number}-{index}" for index, row in enumerate(ROWS)])
def test_the_message_about_a_mistake_says_what_to_do(row: Row, place: Place) -> None:
    # Warnings are errors in the tests.
    with pytest.raises(row.error) as caught:
        row.mistake(place)
    for said in row.said:
        assert said in str(caught.value)


def test_a_token_with_any_prefix_is_accepted(place: Place) -> None:
    """Row 2, and what works of row 7."""
    for token in ("x", "Token x", "Token Token x", "Bearer x"):
        assert place.other(token=token).deployments_list(place.project)
    for name in ("Authorization", "authorization", "AUTHORIZATION"):
        configuration = ubiops.Configuration(place.host, {name: "x"})
        assert configuration.api_key == {"Authorization": "x"}
        assert configuration.api_key[name] == configuration.api_key.get(name) == "x"
        assert name in configuration.api_key
        assert ubiops.CoreApi(ubiops.ApiClient(configuration)).deployments_list(place.project)


def test_a_path_of_the_address_that_is_not_the_apis_is_pointed_out(place: Place) -> None:
    for path, base in (("v2.0", "/v2.0"), ("api", "/api/v2.1")):
        api = ubiops.CoreApi(host=place.host.replace("v2.1", path), token="x")
        with pytest.raises(ubiops.NotFoundError) as caught:
            api.deployments_list("p")
        assert caught.value.hint == f"check configuration.host: its path is '{base}', and the API's is /v2.1 or /v2"


def test_every_row_has_a_test() -> None:
    assert {row.number for row in ROWS} | set(ELSEWHERE) | {2} == set(range(1, 46))


@pytest.mark.parametrize("number", ELSEWHERE)
def test_the_tests_of_the_other_rows_exist(number: int) -> None:
    path, name = ELSEWHERE[number]
    assert re.search(rf"def \w*{name}", (ROOT / path).read_text(encoding="utf-8"))
