"""The configuration: host, credentials, limits and logging."""

from __future__ import annotations

import copy
import logging
import pickle
from typing import TYPE_CHECKING, Any

import pytest

import ubiops
from ubiops._core.hosts import DEFAULT_HOST, normalize_host

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "Token this-is-the-secret"


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("https://api.ubiops.com/v2.1", "https://api.ubiops.com/v2.1"),
        ("https://api.ubiops.com/v2.1/", "https://api.ubiops.com/v2.1"),
        ("https://api.ubiops.com/v2//", "https://api.ubiops.com/v2"),
        ("api.ubiops.com", "https://api.ubiops.com/v2.1"),
        ("localhost:8000", "https://localhost:8000/v2.1"),
        ("  http://127.0.0.1:8000 \n", "http://127.0.0.1:8000/v2.1"),
        ("HTTPS://API.UbiOps.com:443/V2", "https://api.ubiops.com:443/V2/v2.1"),
        ("https://proxy.example/ubiops", "https://proxy.example/ubiops/v2.1"),
        ("https://proxy.example/ubiops/v2.1/", "https://proxy.example/ubiops/v2.1"),
        ("http://[::1]:80", "http://[::1]:80/v2.1"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example/v2.1"),
    ],
)
def test_a_host_is_normalized(given: str, host: str) -> None:
    assert normalize_host(given) == host
    assert normalize_host(host) == host


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", "it is empty"),
        ("ftp://x", "its scheme is 'ftp'"),
        ("file:///etc/passwd", "its scheme is 'file'"),
        ("http://user:hunter2@x", "it contains a user name or a password"),
        ("http://user@x", "it contains a user name or a password"),
        ("ftp://user:hunter2@x", "its scheme"),
        ("http://x/?a=b", "it contains a query or a fragment"),
        ("http://x/?", "it contains a query or a fragment"),
        ("http://x#y", "it contains a query or a fragment"),
        ("http://", "it has no valid host name"),
        ("http://a,b", "it has no valid host name"),
        ("http://x:99999", "Port out of range"),
        ("http://x:abc", "Port could not be cast"),
        ("http://[::1", "Invalid IPv6"),
        ("http://x y", "spaces"),
        ("http://x\r\nHost: y", "control characters"),
        ("http://x\\@y", "backslashes"),
        ("http://bücher.example", "xn--"),
        ("http://x/../v2", "'.', '..' or escapes"),
        ("http://x/%2e%2e/v2", "'.', '..' or escapes"),
    ],
)
def test_an_invalid_host_is_rejected(given: str, why: str) -> None:
    with pytest.raises(ubiops.ApiValueError) as caught:
        normalize_host(given)
    assert why in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("given", [5, b"http://x", ["x"], True])
def test_a_host_of_another_type_is_rejected(given: Any) -> None:
    with pytest.raises(ubiops.ApiTypeError, match="host must be a string"):
        ubiops.Configuration(host=given)


@pytest.mark.parametrize("way", ["given", "set"])
@pytest.mark.parametrize("name", ["api_key", "proxy_headers"])
def test_secrets_that_are_not_a_dict_are_rejected_without_showing_them(name: str, way: str) -> None:
    ways: dict[str, Any] = {
        "given": lambda: ubiops.Configuration(**{name: "Token hunter2"}),  # type: ignore[arg-type]
        "set": lambda: setattr(ubiops.Configuration(), name, "Token hunter2"),
    }
    with pytest.raises(ubiops.ApiTypeError, match=f"{name} must be a dict.* got str") as caught:
        ways[way]()
    assert "hunter2" not in str(caught.value)


def test_host_and_token_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ubiops.Configuration().host == DEFAULT_HOST
    assert ubiops.Configuration().get_api_key_with_prefix() is None
    monkeypatch.setenv("UBIOPS_API_HOST", " http://127.0.0.1:1\n")
    monkeypatch.setenv("UBIOPS_API_TOKEN", " abc \n")
    configuration = ubiops.Configuration()
    assert configuration.host == "http://127.0.0.1:1/v2.1"
    assert configuration.get_api_key_with_prefix() == "Token abc"
    explicit = ubiops.Configuration(host="http://127.0.0.1:2", api_key={"Authorization": "xyz"})
    assert explicit.host == "http://127.0.0.1:2/v2.1"
    assert explicit.get_api_key_with_prefix() == "Token xyz"


def test_a_token_can_be_set_later_and_changed() -> None:
    configuration = ubiops.Configuration()
    configuration.api_key["Authorization"] = "one"
    assert configuration.get_api_key_with_prefix() == "Token one"
    configuration.api_key["Authorization"] = "two"
    assert configuration.get_api_key_with_prefix() == "Token two"
    configuration.api_key_prefix["Authorization"] = "Bearer"
    assert configuration.get_api_key_with_prefix() == "Bearer two"
    configuration.api_key = {"Authorization": "three"}
    assert configuration.get_api_key_with_prefix() == "Bearer three"


def test_a_hook_renews_the_token_before_each_request() -> None:
    numbers = iter(range(9))

    def renew(configuration: ubiops.Configuration) -> None:
        configuration.api_key["Authorization"] = f"t{next(numbers)}"

    configuration = ubiops.Configuration(refresh_api_key_hook=renew)
    assert [configuration.get_api_key_with_prefix() for _ in range(3)] == ["Token t0", "Token t1", "Token t2"]


def test_a_token_is_never_shown() -> None:
    configuration = ubiops.Configuration(
        api_key={"Authorization": SECRET}, proxy="http://me:this-is-the-secret@proxy:1", proxy_headers={"x": SECRET}
    )
    configuration.api_key.setdefault("Other", SECRET)
    configuration.api_key.update(Third=SECRET)
    texts = [repr(configuration), str(configuration), repr(configuration.api_key), str(configuration.api_key)]
    texts += [repr(value) for value in configuration.api_key.values()]
    texts += [repr(pickle.dumps(configuration)), repr(configuration.get_api_key_with_prefix())]
    for text in texts:
        assert "this-is-the-secret" not in text


def test_a_pickle_has_no_token_and_reads_the_receivers_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = ubiops.Configuration(host="http://127.0.0.1:1", api_key={"Authorization": SECRET}, max_retries=7)
    sent = pickle.dumps(configuration)
    arrived = pickle.loads(sent)
    assert (arrived.host, arrived.max_retries, arrived.get_api_key_with_prefix()) == (configuration.host, 7, None)
    monkeypatch.setenv("UBIOPS_API_TOKEN", "of the receiver")
    assert pickle.loads(sent).get_api_key_with_prefix() == "Token of the receiver"


@pytest.mark.parametrize("take", [copy.copy, copy.deepcopy, ubiops.Configuration.copy])
def test_a_copy_is_complete_and_independent(take: Any) -> None:
    configuration = ubiops.Configuration(api_key={"Authorization": SECRET}, api_key_prefix={"Authorization": "Bearer"})
    other = take(configuration)
    assert other.get_api_key_with_prefix() == "Bearer this-is-the-secret"
    other.api_key["Authorization"] = "x"
    other.api_key_prefix.clear()
    assert configuration.get_api_key_with_prefix() == "Bearer this-is-the-secret"


def test_clients_without_a_configuration_use_the_default_one() -> None:
    ubiops.Configuration.set_default(ubiops.Configuration(host="http://127.0.0.1:7"))
    try:
        client = ubiops.ApiClient()
        assert client.configuration.host == "http://127.0.0.1:7/v2.1"
        client.configuration.host = "http://127.0.0.1:8"
        assert ubiops.ApiClient().configuration.host == "http://127.0.0.1:7/v2.1"
    finally:
        ubiops.Configuration.set_default(None)
    assert ubiops.ApiClient().configuration.host == DEFAULT_HOST


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("connect_timeout", 0),
        ("read_timeout", -1),
        ("read_timeout", float("nan")),
        ("connect_timeout", "5"),
        ("max_retries", -1),
        ("max_retries", 1.5),
        ("max_retries", True),
        ("retry_deadline", 0),
        ("retry_deadline", None),
        ("safe_chars_for_path_param", "/"),
        ("safe_chars_for_path_param", "a%"),
        ("safe_chars_for_path_param", " "),
        ("safe_chars_for_path_param", "é"),
    ],
)
def test_an_invalid_limit_is_rejected(name: str, value: Any) -> None:
    with pytest.raises((ubiops.ApiValueError, ubiops.ApiTypeError), match=name):
        ubiops.Configuration(**{name: value})
    configuration = ubiops.Configuration()
    before = getattr(configuration, name)
    with pytest.raises((ubiops.ApiValueError, ubiops.ApiTypeError), match=name):
        setattr(configuration, name, value)
    assert getattr(configuration, name) == before


def test_timeouts_can_be_disabled() -> None:
    configuration = ubiops.Configuration(connect_timeout=None, read_timeout=None)
    assert (configuration.connect_timeout, configuration.read_timeout) == (None, None)


def test_debug_configures_only_the_logger_of_this_library(tmp_path: Path) -> None:
    before = logging.getLogger().level, logging.getLogger("urllib3").level
    configuration = ubiops.Configuration(debug=True)
    try:
        assert configuration.debug
        assert logging.getLogger("ubiops").isEnabledFor(logging.DEBUG)
        assert (logging.getLogger().level, logging.getLogger("urllib3").level) == before
        configuration.logger_format = "%(levelname)s: %(message)s"
        configuration.logger_file = str(tmp_path / "log")
        configuration.logger["package_logger"].debug("hello")
        assert (tmp_path / "log").read_text() == "DEBUG: hello\n"
        assert configuration.logger_file == str(tmp_path / "log")
    finally:
        configuration.logger_file = None
        configuration.debug = False
    assert not logging.getLogger("ubiops").handlers
