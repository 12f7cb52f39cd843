"""Secrets never appear in errors, logs, reprs or pickles, nor are they forwarded."""

from __future__ import annotations

import base64
import http.client
import io
import logging
import pickle
import re
import signal
import socket
import ssl
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from scripted import TOKEN, ZIP_START, call, chunked, client_of, reply, silence, then_close, then_reset

import ubiops
from ubiops._core import codec

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "pass-w0rd-0f-the-proxy"
COOKIE = "c00kie-0f-the-test"
HEADER = "h3ader-0f-the-test"
ENCODED = base64.b64encode(f"user:{PASSWORD}".encode()).decode().rstrip("=")[:-1]
"""The proxy's credentials as its header contains them."""
SECRETS = (TOKEN, PASSWORD, ENCODED, COOKIE, HEADER)


def shown(value: Any, depth: int = 0) -> Iterator[str]:
    """What an error reporter records of a variable: its repr, or those of its items."""
    if depth > 6:
        return
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield str(name)
            yield from shown(item, depth + 1)
    elif isinstance(value, (Sequence, Set)) and not isinstance(value, (str, bytes, bytearray, memoryview)):
        for item in value:
            yield from shown(item, depth + 1)
    else:
        yield repr(value)


def chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is not None and one not in found:
            found.append(one)
            pending += [one.__cause__, one.__context__]
    return found


def frames(error: BaseException) -> Iterator[FrameType]:
    """All frames of an error and its chained errors, except those of the tests."""
    for one in chain(error):
        trace = one.__traceback__
        while trace is not None:
            if not trace.tb_frame.f_code.co_filename.startswith(str(ROOT / "test")):
                yield trace.tb_frame
            trace = trace.tb_next


def check(error: BaseException) -> None:
    """Fails if a secret is visible in an error: its frames, texts or pickle."""
    for frame in frames(error):
        for name, value in frame.f_locals.items():
            for text in shown(value):
                for secret in SECRETS:
                    assert secret not in text, f"{name} in {frame.f_code.co_name}"
    texts = ["".join(traceback.format_exception(type(error), error, error.__traceback__))]
    texts += [f"{one!s}{one!r}{vars(one)!r}{one.args!r}" for one in chain(error)]
    for secret in SECRETS:
        assert not any(secret in text for text in texts)
        if isinstance(error, Exception):
            assert secret.encode() not in pickle.dumps(error)


def caught(action: Callable[[], Any]) -> BaseException:
    try:
        action()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.fixture
def client(client_for: Any) -> Callable[..., Any]:
    """Creates clients that hold every kind of secret."""

    def make(host: Any, **settings: Any) -> Any:
        settings.setdefault("max_retries", 1)
        made = client_for(host, **settings)
        made.cookie = COOKIE
        made.set_default_header("X-Key", HEADER)
        made.set_default_header("X-Bytes", HEADER.encode())
        return made

    return make


# --- errors ---------------------------------------------------------------------------

ON_THE_WIRE = {
    "401": reply(401, {"error": "No"}),
    "404": reply(404, {"error": "No"}),
    "429": reply(429, b"", "Retry-After: 0"),
    "503": reply(503, b"<html>"),
    "a redirect": reply(302, b"", "Location: http://elsewhere.example/"),
    "not JSON": reply(200, b"{"),
    "an unexpected status": reply(418, 5),
    "plain text declared as gzip": reply(200, b"x", "Content-Encoding: gzip"),
    "cut off": then_close(reply(200, b"[1]")[:-1]),
    "chunks cut off": then_close(chunked(b"[", end=b"")),
    "closed": then_close(),
    "reset": then_reset(),
    "silence": silence,
    "not HTTP": then_close(b"what?\r\n\r\n"),
}


@pytest.mark.parametrize("what", ON_THE_WIRE)
def test_a_failed_call_shows_no_secret(what: str, wire: Any, client: Any, clock: Any, tmp_path: Path) -> None:
    made = client(wire(ON_THE_WIRE[what]), read_timeout=0.2)
    path = tmp_path / "package.zip"
    path.write_bytes(ZIP_START + b"x" * 99_996)
    api = ubiops.CoreApi(made)
    for action in (
        lambda: api.deployments_list("p"),
        lambda: api.deployments_create("p", {"name": "d", "input_type": "plain", "output_type": "plain"}),
        lambda: api.revisions_file_upload("p", "d", "v", file=path),
        lambda: api.revisions_file_upload("p", "d", "v", file=io.BytesIO(b"x")),
        lambda: api.deployments_list("p", async_req=True).get(20),
        lambda: call(made, header_params={"Authorization": f"Bearer {TOKEN}"}),
    ):
        error = caught(action)
        assert isinstance(error, ubiops.ApiException)
        check(error)


def test_a_failed_connection_shows_no_secret(wire: Any, client: Any, certificates: Any, clock: Any) -> None:
    credentials = f"http://user:{PASSWORD}@127.0.0.1"
    refused = wire(reply(407, b""))
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        clients = [
            client(f"http://127.0.0.1:{port}"),
            client("http://no-such-host.invalid", proxy=f"{credentials}:{port}"),
            client("https://no-such-host.invalid", proxy=f"{credentials}:{port}"),
            client("https://no-such-host.invalid", proxy=f"{credentials}:{refused.port}"),
            client("https://no-such-host.invalid", proxy=f"{credentials}:port"),
            client("https://no-such-host.invalid", proxy=f"socks5://user:{PASSWORD}@127.0.0.1"),
            client("https://no-such-host.invalid", proxy=f"http://user:{PASSWORD}@h h"),
            client("https://no-such-host.invalid", proxy=f"http://user:{PASSWORD}\u20ac@127.0.0.1:{port}"),
            client("https://no-such-host.invalid", proxy=f"http://us\ner:{PASSWORD}@127.0.0.1:{port}"),
            client("http://no-such-host.invalid", proxy=f"https://user:{PASSWORD}@h", ssl_ca_cert="/no/such/file"),
            client(wire(reply(), context=certificates.wrong_name), **certificates.trust),
            client(wire(reply(), context=certificates.unknown_authority)),
            client(wire(reply(), context=certificates.good), ssl_ca_cert="/no/such/file"),
            client(f"https://127.0.0.1:{wire(lambda peer: (peer.send(b'no TLS'), peer.close())).port}"),
        ]
        for made in clients:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                error = caught(lambda made=made: call(made, "POST"))
            assert isinstance(error, ubiops.OpenApiException)
            check(error)


def test_an_unknown_host_shows_no_secret(client: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    made = client("https://api.example.com")
    monkeypatch.setattr("socket.getaddrinfo", unknown)
    error = caught(lambda: call(made))
    assert "the host name can't be resolved (Name or service not known)" in str(error)
    check(error)


@pytest.mark.parametrize(
    "action",
    [
        lambda api: api.deployments_get("p", ".."),
        lambda api: api.deployments_get("p", None),
        lambda api: api.deployments_get("p", "d", wrong=1),
        lambda api: api.deployments_list("p", _request_timeout="x"),
        lambda api: api.deployments_create("p", {"name": ""}),
        lambda api: api.revisions_rebuild("p", "d", "r", "v", {"a": float("nan")}),
        lambda api: api.revisions_file_upload("p", "d", "v", file="/no/such/file"),
        lambda api: api.api_client.configuration.__setattr__("host", "ftp://x"),
        lambda api: api.api_client.configuration.__setattr__("host", f"https://user:{TOKEN}@host"),
        lambda api: api.api_client.configuration.__setattr__("host", f"ftp://user:{TOKEN}@host:port"),
        lambda api: api.api_client.configuration.__setattr__("host", f"https://{TOKEN}@host:port"),
        lambda api: api.api_client.configuration.__setattr__("api_key", [f"Token {TOKEN}"]),
        lambda api: api.api_client.configuration.__setattr__("api_key", f"Token {TOKEN}"),
        lambda api: api.api_client.set_default_header("X-Key", HEADER + "\r\n"),
        lambda api: api.api_client.set_default_header("X-Key", HEADER.encode() + b"\r\n"),
        lambda api: api.api_client.set_default_header("X:", HEADER),
        lambda api: api.api_client.__setattr__("cookie", COOKIE + "\n"),
        lambda api: api.api_client.default_headers.__setitem__("X-Key", HEADER + "\n"),
        lambda api: api.api_client.default_headers.update({"X-Key": HEADER + "\n"}),
        lambda api: call(api.api_client, header_params={"X-Key": HEADER + "\n"}),
        lambda api: call(api.api_client, header_params={"X-Key": HEADER.encode() + b"\n"}),
        lambda api: ubiops.Configuration(host="ftp://x", api_key={"Authorization": TOKEN}),
        lambda api: ubiops.Configuration(api_key={"Authorization": TOKEN}, max_retries=-1),
        lambda api: ubiops.Configuration(api_key=[TOKEN]),
        lambda api: ubiops.Configuration(api_key={"Authorization": [TOKEN]}).get_api_key_with_prefix(),
        lambda api: ubiops.Configuration(proxy=f"http://u:{PASSWORD}@h", max_retries=-1),
        lambda api: ubiops.Configuration(proxy_headers={"X": PASSWORD}, max_retries=-1),
        lambda api: ubiops.ApiClient(header_name="X-Key", header_value=HEADER, pool_threads=0),
        lambda api: ubiops.ApiClient(header_name="X-Key", header_value=HEADER + "\n"),
        lambda api: ubiops.ApiClient(cookie=COOKIE + "\n"),
    ],
    ids=range(30),
)
def test_an_invalid_argument_shows_no_secret(action: Any, wire: Any, client: Any) -> None:
    server = wire(reply(200, []))
    error = caught(lambda: action(ubiops.CoreApi(client(server))))
    assert isinstance(error, ubiops.OpenApiException)
    check(error)
    assert server.requests == []


@pytest.mark.parametrize(
    "token", [f"{TOKEN}\r\nX: y", f"{TOKEN}\n\0", f"{TOKEN}\u20ac", f"Token Token\x7f{TOKEN}", f"{TOKEN}\n y".encode()]
)
def test_a_token_that_is_invalid_in_a_header_is_rejected_without_showing_it(token: Any, wire: Any, client: Any) -> None:
    server = wire(reply(200, []))
    made = client(server, api_key={"Authorization": token})
    error = caught(lambda: call(made))
    assert isinstance(error, ubiops.ApiValueError)
    check(error)
    assert server.connections == 0


def test_an_error_in_the_hook_that_renews_the_token_is_raised_unchanged(wire: Any, client: Any) -> None:
    def renew(configuration: ubiops.Configuration) -> None:
        configuration.api_key["Authorization"] = f"new-{TOKEN}"
        raise RuntimeError("the vault is closed")

    error = caught(lambda: call(client(wire(reply()), refresh_api_key_hook=renew)))
    assert isinstance(error, RuntimeError)
    check(error)


# --- Ctrl-C ---------------------------------------------------------------------------


def interrupt(*args: Any, **kwargs: Any) -> Any:
    raise KeyboardInterrupt


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize(
    "place",
    ["connect", "do_handshake", "sendall", "send", "recv_into", "parse", "wait"],
)
# socket.create_connection() leaves its socket to the garbage collector, which warns.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_during_a_call_shows_no_secret(
    place: str, tls: bool, wire: Any, client: Any, certificates: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = wire(
        reply(503) if place == "wait" else reply(200, [1]), reply(200, [1]), context=certificates.good if tls else None
    )
    made = client(server, **certificates.trust)
    kind = ssl.SSLSocket if tls and place != "connect" else socket.socket
    upload = place == "send"
    mine = threading.get_ident()
    with monkeypatch.context() as patched:
        if place == "parse":
            patched.setattr(codec, "_fast", codec._FastReader("json"))
            patched.setattr("ubiops._core.codec.json.loads", interrupt)
        elif place == "wait":
            patched.setattr(clock, "sleep", interrupt)
        elif place == "do_handshake" and not tls:
            patched.setattr(socket.socket, "makefile", interrupt)
        else:
            original = getattr(kind, place)

            def strike(self: Any, *args: Any) -> Any:
                # The server in the other thread uses the same classes.
                return interrupt() if threading.get_ident() == mine else original(self, *args)

            patched.setattr(kind, place, strike, raising=False)
        if upload:
            error = caught(lambda: ubiops.CoreApi(made).revisions_file_upload("p", "d", "v", file=b"x" * 10_000))
        else:
            error = caught(lambda: call(made))
    assert type(error) is KeyboardInterrupt
    check(error)
    # The client still works.
    assert call(made) == [1]


def test_a_real_ctrl_c_while_waiting_for_the_response(wire: Any, client: Any) -> None:
    def strike(peer: Any) -> None:
        peer.read_request()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        peer.wait()

    server = wire(strike, reply(200, [1]))
    made = client(server)
    error = caught(lambda: call(made))
    assert type(error) is KeyboardInterrupt
    check(error)
    assert call(made) == [1]
    assert server.connections == 2


# --- reprs, logs and pickles ----------------------------------------------------------


def test_no_object_that_holds_a_secret_shows_it(wire: Any, client: Any) -> None:
    made = client(wire(reply(200, [{"name": "d"}])), proxy=f"http://user:{PASSWORD}@127.0.0.1:1")
    configuration = made.configuration
    made.configuration.proxy = ""
    api = ubiops.CoreApi(made)
    found = api.deployments_list_with_http_info("p")
    with api.deployments_list("p", _preload_content=False) as response:
        objects = [made, configuration, configuration.api_key, api, response, made.rest_client, made.rest_client._pool]
        objects += [*found, response.headers, vars(made), vars(configuration), made.default_headers, made.cookie]
    configuration.proxy = f"http://user:{PASSWORD}@127.0.0.1:1"
    objects += [configuration, vars(configuration), configuration.copy(), configuration.proxy]
    for thing in objects:
        for secret in SECRETS:
            assert secret not in repr(thing)
            assert secret not in "".join(shown(thing))
    for thing in (made, configuration, configuration.api_key, api, *found):
        for secret in SECRETS:
            assert secret.encode() not in pickle.dumps(thing)
            assert secret not in str(thing)


@pytest.mark.parametrize("key", [TOKEN, f"Token {TOKEN}", f"Token Token {TOKEN}", f" {TOKEN}\n", TOKEN.encode()])
@pytest.mark.parametrize("way", ["constructor", "attribute", "item", "update", "setdefault", "or"])
def test_a_token_is_masked_however_it_was_given(key: Any, way: str) -> None:
    configuration = ubiops.Configuration(api_key={"Authorization": key} if way == "constructor" else None)
    if way == "attribute":
        configuration.api_key = {"Authorization": key}
    elif way == "item":
        configuration.api_key["Authorization"] = key
    elif way == "update":
        configuration.api_key.update(Authorization=key)
    elif way == "setdefault":
        configuration.api_key.setdefault("Authorization", key)
    elif way == "or":
        configuration.api_key |= {"Authorization": key}
    assert configuration.get_api_key_with_prefix("Authorization") == f"Token {TOKEN}"
    texts = [repr(configuration), repr(configuration.api_key), repr(vars(configuration)), *shown(vars(configuration))]
    texts += [repr(configuration.get_api_key_with_prefix()), repr(list(configuration.api_key.values()))]
    assert not any(TOKEN in text for text in texts)
    assert TOKEN.encode() not in pickle.dumps(configuration)
    assert TOKEN.encode() not in pickle.dumps(configuration.api_key)


LINES = {
    "calls": [reply(200, [1], "Set-Cookie: session=" + HEADER, "X-Api-Key: " + HEADER)],
    "retries": [reply(503), then_reset(), reply(429, b"", "Retry-After: 1"), reply(200, [1])],
    "redirects": [reply(302, b"", "Location: /v2.1/there"), reply(200, [1])],
    "errors": [reply(401, {"error": "No"}, "WWW-Authenticate: " + HEADER)],
    "broken": [then_close(reply(200, b"[1]", "X-Api-Key: " + HEADER)[:-1])],
}


def attempt(client: Any, method: str) -> None:
    try:
        call(client, method)
    except ubiops.ApiException:
        logging.getLogger("application").exception("it failed")


@pytest.mark.parametrize("what", LINES)
def test_no_log_line_holds_a_secret_at_any_level(
    what: str, wire: Any, client: Any, clock: Any, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(1)
    made = client(wire(*LINES[what]), max_retries=4)
    made.configuration.debug = True
    made.configuration.logger_file = str(tmp_path / "log.txt")
    try:
        for method in ("GET", "POST"):
            attempt(made, method)
    finally:
        made.configuration.debug = False
        made.configuration.logger_file = None
    lines = [f"{record.getMessage()} {record.args!r} {record.exc_text}" for record in caplog.records]
    assert any(record.name == "ubiops" and record.levelno == logging.DEBUG for record in caplog.records)
    for text in (*lines, caplog.text, (tmp_path / "log.txt").read_text()):
        for secret in SECRETS:
            assert secret not in text


def test_only_allowed_headers_are_logged(wire: Any, client: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "ubiops")
    call(client(wire(reply(200, [1], "x-request-id: 7", "x-ratelimit-remaining: 9", "X-Other: other"))))
    (line,) = [record.getMessage() for record in caplog.records if record.name == "ubiops"]
    assert "'x-request-id': '7'" in line
    assert "'x-ratelimit-remaining': '9'" in line
    assert "other" not in line


def test_a_log_record_stays_on_one_line(wire: Any, client: Any, clock: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1, "ubiops")
    call(client(wire(reply(503, b"", reason="a\x1b[2J\x85b"), reply(200, [1], "x-request-id: 7\x1b[31m\x85"))))
    lines = [record.getMessage() for record in caplog.records if record.name == "ubiops"]
    assert lines
    assert all(line.isprintable() for line in lines)


def test_debugging_changes_nothing_outside_this_library(
    wire: Any, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """It prints nothing either: http.client's debug output would show the token."""

    def settings() -> list[Any]:
        loggers = [logging.getLogger(name) for name in (None, "urllib3", "http.client", "requests")]
        return [
            http.client.HTTPConnection.debuglevel,
            http.client._MAXHEADERS,  # type: ignore[attr-defined]
            [(logger.level, list(logger.handlers), logger.disabled, logger.propagate) for logger in loggers],
            logging.root.manager.disable,
            list(warnings.filters),
            socket.getdefaulttimeout(),
            ssl._create_default_https_context,
            signal.getsignal(signal.SIGINT),
            threading.excepthook,
        ]

    before = settings()
    with client_of(wire(reply(200, [1])), debug=True) as client:
        client.configuration.debug = True
        call(client)
        (connection,) = [one for one in client.rest_client._pool.pool.queue if one is not None]
        assert connection.debuglevel == 0
        client.configuration.debug = False
    assert settings() == before
    assert capfd.readouterr() == ("", "")


def test_a_token_echoed_by_the_server_is_not_logged(
    wire: Any, client: Any, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Debugging pages do that. The error keeps the response, but it isn't logged."""
    caplog.set_level(1)
    made = client(wire(reply(503, {"error": f"You sent {TOKEN}"}, f"X-Echo: {TOKEN}"), reply(200, [1])))
    assert call(made) == [1]
    assert TOKEN not in caplog.text


# --- secret variables -----------------------------------------------------------------

VALUE = "v4lue-0f-a-variable"


@pytest.mark.parametrize(
    ("model", "extra"),
    [
        (ubiops.EnvironmentVariableCreate, {}),
        (ubiops.EnvironmentVariableList, {"id": "1"}),
        (ubiops.InheritedEnvironmentVariableList, {"id": "1", "inheritance_type": "project", "inheritance_name": "p"}),
    ],
)
@pytest.mark.parametrize("secret", [True, None, "false", 0])
def test_secret_variables_are_masked(model: Any, extra: dict[str, Any], secret: Any) -> None:
    made = model.from_dict({"name": "N", "value": VALUE, "secret": secret, **extra})
    assert VALUE not in f"{made!r}{made!s}{made.to_str()}{[made]!r}"
    assert made.value == made.to_dict()["value"] == VALUE
    made.secret = False
    assert VALUE in repr(made)


def test_an_error_about_a_secret_variable_does_not_show_its_value(wire: Any, client_for: Any) -> None:
    api = ubiops.CoreApi(client_for(wire(reply(400, {"error": "No"}))))
    attempts: list[Callable[[], Any]] = [
        lambda: ubiops.EnvironmentVariableCreate(name="", value=VALUE, secret=True),
        lambda: ubiops.EnvironmentVariableCreate(name="N", value=[VALUE], secret=True),  # type: ignore[arg-type]
        lambda: api.deployment_environment_variables_create("p", "d", {"name": "N", "value": [VALUE], "secret": True}),
        lambda: api.deployment_environment_variables_create(
            "p", "d", ubiops.EnvironmentVariableCreate(name="N", value=VALUE, secret=True)
        ),
    ]
    for action in attempts:
        assert VALUE not in str(caught(action))


def test_the_frames_of_an_error_do_not_show_the_body(wire: Any, client_for: Any) -> None:
    """A body may contain the value of a secret variable."""
    api = ubiops.CoreApi(client_for(wire(then_close()), max_retries=0))
    variable = ubiops.EnvironmentVariableCreate(name="N", value=VALUE, secret=True)
    error = caught(lambda: api.deployment_environment_variables_create("p", "d", variable))
    for frame in frames(error):
        for value in frame.f_locals.values():
            assert VALUE not in "".join(shown(value))


# --- documentation --------------------------------------------------------------------


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")], ids=lambda page: page.name)
def test_no_example_in_the_documentation_prints_a_token(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code = "".join(re.findall(r"```(?:python|sh)\n(.*?)```", text, re.DOTALL))
    tokens = set(re.findall(r"Token ([\w.-]{4,})", code)) | set(
        re.findall(r"TOKEN=[\"']?(?:Token )?([\w.-]{4,})", code)
    )
    printed = "".join(re.findall(r"```text\n(.*?)```", text, re.DOTALL))
    assert not any(token in printed for token in tokens)
