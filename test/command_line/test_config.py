"""``python -m ubiops config``: settings, their sources, and what looks wrong."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ubiops
from ubiops._cli import settings
from ubiops._core import logs

TOKEN = "s3cr3t-t0ken"


def findings(result: Any, setting: str | None = None) -> list[str]:
    return [one["text"] for one in result.json["findings"] if setting in (None, one["setting"])]


def test_without_variables_all_is_default(run: Any) -> None:
    result = run("config", "--json")
    assert result.status == 0
    shown = result.json["settings"]
    assert shown["host"] == {"value": "https://api.ubiops.com/v2.1", "source": "default"}
    assert shown["token"] == {"value": None, "source": "default"}
    assert shown["proxy"] == {"value": None, "source": "default"}
    assert shown["ssl_ca_cert"]["source"] == "default: certifi"
    assert shown["connect_timeout"] == {"value": 10, "source": "default"}
    assert findings(result) == ["no token is set: set UBIOPS_API_TOKEN, for example to 'Token 1a2b3c'"]


def test_every_setting_of_a_configuration_is_shown_or_can_not_be_set_here() -> None:
    signature = inspect.signature(ubiops.Configuration).parameters
    parameters = {name for name, one in signature.items() if one.kind is not one.VAR_KEYWORD}
    from_code_only = {
        "api_key",
        "api_key_prefix",
        "assert_hostname",
        "cert_file",
        "key_file",
        "proxy_headers",
        "refresh_api_key_hook",
        "safe_chars_for_path_param",
    }
    assert {"host", "token", "proxy", "ssl_ca_cert", *settings.PLAIN, *from_code_only} == parameters


def test_settings_come_from_the_environment(run: Any, tmp_path: Path) -> None:
    import certifi

    result = run(
        "config",
        "--json",
        UBIOPS_API_HOST="https://api.example.com/v2",
        UBIOPS_API_TOKEN=f"Token {TOKEN}",
        HTTPS_PROXY="http://user:pa55word@proxy.example.com:3128",
        SSL_CERT_FILE=certifi.where(),
    )
    assert result.status == 0
    assert findings(result) == []
    shown = result.json["settings"]
    assert shown["host"] == {
        "value": "https://api.example.com/v2",
        "source": "environment variable UBIOPS_API_HOST",
    }
    assert shown["token"] == {"value": "Token ***", "source": "environment variable UBIOPS_API_TOKEN"}
    assert shown["proxy"] == {
        "value": "http://proxy.example.com:3128",
        "source": "environment variable HTTPS_PROXY",
    }
    assert shown["ssl_ca_cert"] == {"value": certifi.where(), "source": "environment variable SSL_CERT_FILE"}
    assert "pa55word" not in result.out


@pytest.fixture
def unlogged() -> Iterator[None]:
    """Leaves the logger as it was."""
    yield
    logs.remove_handler()
    logging.getLogger("ubiops").setLevel(logging.NOTSET)


@pytest.mark.parametrize("level", ["debug", " INFO "])
def test_the_level_of_the_log_is_shown(run: Any, level: str, unlogged: None) -> None:
    shown = run("config", "--json", UBIOPS_LOG=level).json["settings"]["logging"]
    assert shown == {"value": level.strip().lower(), "source": "environment variable UBIOPS_LOG"}


def test_without_a_level_the_log_is_off(run: Any) -> None:
    (line,) = [line for line in run("config").out.splitlines() if line.startswith("logging")]
    assert line.split() == ["logging", "off", "(default)"]


def test_a_level_that_does_not_exist_is_pointed_out(run: Any) -> None:
    result = run("config", "--json", UBIOPS_LOG="loud")
    assert result.json["settings"]["logging"]["value"] == "not valid"
    assert findings(result, "logging") == ["UBIOPS_LOG is not a level: use debug, info, warning, error"]
    assert result.status == 0


def test_an_argument_takes_precedence(run: Any) -> None:
    result = run("config", "--host", "https://other.example.com/v2.1", "--json", UBIOPS_API_HOST="api.example.com")
    assert result.json["settings"]["host"] == {
        "value": "https://other.example.com/v2.1",
        "source": "argument --host",
    }
    assert findings(result, "host") == []


def test_the_text_fits_in_80_columns(run: Any) -> None:
    result = run("config", UBIOPS_API_HOST="http://api.example.com/v3", UBIOPS_API_TOKEN=f"Token Token {TOKEN}")
    assert result.status == 0
    assert "host http://api.example.com/v3 (environment variable UBIOPS_API_HOST)" in result.text
    assert "connect_timeout 10 s (default)" in result.text
    assert "[warn] token the prefix is repeated; it is sent once" in result.text
    # A path is not broken, so that it can be copied.
    assert [line for line in result.out.splitlines() if len(line) > 80 and not line.endswith(".pem")] == []


@pytest.mark.parametrize(
    "token",
    [
        TOKEN,
        f"Token {TOKEN}",
        f"Token Token {TOKEN}",
        f"Bearer {TOKEN}",
        f" {TOKEN}\n",
        f"Token {TOKEN} more",
        f"'{TOKEN}'",
        f"<{TOKEN}>",
        f"{TOKEN}\nmore",
        f"{TOKEN}ö€",
    ],
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_the_token_is_never_shown(run: Any, token: str, form: list[str]) -> None:
    result = run("config", *form, UBIOPS_API_TOKEN=token)
    assert TOKEN not in result.out + result.err


@pytest.mark.parametrize(
    ("token", "shown", "expected"),
    [
        (TOKEN, "Token ***", []),
        (f"Bearer {TOKEN}", "Bearer ***", []),
        (f"Token Token {TOKEN}", "Token ***", ["the prefix is repeated; it is sent once"]),
        (f"Token {TOKEN} x", "Token ***", ["the token contains spaces; it normally consists of letters and digits"]),
        ("<INSERT TOKEN>", "Token ***", ["the token looks like a placeholder; it normally consists of letters and"]),
        (f'"Token {TOKEN}"', "Token ***", ["the token contains quotes; it normally consists of letters and digits"]),
        ("Token", "not valid", ["the API token is empty"]),
        ("a\nb", "not valid", ["the header Authorization "]),
        (" ", None, ["UBIOPS_API_TOKEN is set, but empty: set UBIOPS_API_TOKEN"]),
    ],
)
def test_a_suspicious_token_is_pointed_out(run: Any, token: str, shown: str | None, expected: list[str]) -> None:
    result = run("config", "--json", UBIOPS_API_TOKEN=token)
    assert result.json["settings"]["token"]["value"] == shown
    found = findings(result, "token")
    assert len(found) == len(expected)
    assert all(text.startswith(start) for text, start in zip(found, expected))
    assert result.status == (shown == "not valid")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("https://api.example.com/v2.1", []),
        ("https://api.example.com/v2/", []),
        ("https://gateway.example.com/ubiops/v2.1", []),
        ("http://127.0.0.1:8421/v2.1", []),
        ("https://api.example.com", ["the address has no version; /v2.1 was appended"]),
        ("api.example.com/v2.1", ["the address has no scheme; https:// was put in front"]),
        (
            "localhost:8421/v2.1",
            ["the address has no scheme; https:// was put in front; an emulator needs http://"],
        ),
        ("https://api.example.com/v3", ["'v3' is not a known version of the API: use v2.1 or v2"]),
        ("https://api.example.com/v2.1/projects", ["the address continues after the version; it normally ends there"]),
        ("http://api.example.com/v2.1", ["the token is sent without encryption (http): use https://"]),
        (" https://api.example.com/v2.1\n", ["the address has spaces around it; they are ignored"]),
        ("  ", ["UBIOPS_API_HOST is set, but empty; it is ignored"]),
        ("https://api.example .com/v2.1", ["host 'https://api.example .com/v2.1' can't be used: it contains spaces"]),
        ("'https://api.example.com/v2.1'", ["host "]),
        ("htps://api.example.com", ["host 'htps://api.example.com' can't be used: its scheme is 'htps'"]),
        ("https://user:pa55word@api.example.com", ["host can't be used: it contains a user name or a password"]),
    ],
)
def test_a_suspicious_host_is_pointed_out(run: Any, host: str, expected: list[str]) -> None:
    result = run("config", "--json", UBIOPS_API_HOST=host)
    found = findings(result, "host")
    assert len(found) == len(expected), found
    assert all(text.startswith(start) for text, start in zip(found, expected)), found
    fatal = any("can't be used" in text for text in found)
    assert result.status == fatal
    assert (result.json["settings"]["host"]["value"] == "not valid") is fatal
    assert "pa55word" not in result.out


def test_an_empty_argument_is_not_valid(run: Any) -> None:
    result = run("config", "--json", "--host", "")
    assert result.status == 1
    assert "it is empty" in findings(result, "host")[0]


@pytest.mark.parametrize(
    ("host", "variables", "expected"),
    [
        (None, {"HTTPS_PROXY": "http://a:1", "https_proxy": "http://b:1"}, "HTTPS_PROXY and https_proxy differ; "),
        (None, {"HTTP_PROXY": "http://a:1"}, "HTTP_PROXY has no effect on an https:// address: set HTTPS_PROXY"),
        (None, {"HTTPS_PROXY": "http://u:pa55word@:x"}, "the URL in HTTPS_PROXY is not valid; it has the form"),
        (
            "http://127.0.0.1:8421/v2.1",
            {"HTTP_PROXY": "http://a:1"},
            "requests to this machine go through a proxy: set NO_PROXY=127.0.0.1 to avoid that",
        ),
        (None, {"HTTPS_PROXY": "http://a:1"}, None),
        (None, {"HTTPS_PROXY": "http://a:1", "HTTP_PROXY": "http://b:1"}, None),
        (None, {"ALL_PROXY": "http://a:1"}, None),
    ],
)
def test_a_suspicious_proxy_is_pointed_out(
    run: Any, host: str | None, variables: dict[str, str], expected: str | None
) -> None:
    result = run("config", "--json", *(["--host", host] if host else []), **variables)
    found = findings(result, "proxy")
    assert [text.startswith(expected or "") for text in found] == ([True] if expected else []), found
    assert result.status == ("not valid" in (expected or ""))
    assert "pa55word" not in result.out


def test_a_host_that_is_exempt_from_the_proxy_says_so(run: Any) -> None:
    result = run("config", "--json", HTTPS_PROXY="http://proxy:3128", NO_PROXY="ubiops.com")
    assert result.json["settings"]["proxy"] == {"value": None, "source": "environment variable NO_PROXY"}


def test_certificates_that_can_not_be_read_are_a_problem(run: Any) -> None:
    result = run("config", SSL_CERT_FILE="/does/not/exist.pem")
    assert result.status == 1
    assert "the trusted certificates can't be read from '/does/not/exist.pem'" in result.text


def test_two_files_of_certificates_are_pointed_out(run: Any) -> None:
    import certifi

    result = run("config", "--json", SSL_CERT_FILE=certifi.where(), REQUESTS_CA_BUNDLE="/other.pem")
    assert findings(result, "ssl_ca_cert") == ["SSL_CERT_FILE and REQUESTS_CA_BUNDLE differ; the first is used"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("UBIOPS_TOKEN", "UBIOPS_API_TOKEN"),
        ("UBIOPS_API_KEY", "UBIOPS_API_TOKEN"),
        ("UBIOPS_HOST", "UBIOPS_API_HOST"),
        ("UBIOPS_API_HOSTS", "UBIOPS_API_HOST"),
        ("ubiops_api_host", "UBIOPS_API_HOST"),
    ],
)
def test_a_variable_with_a_similar_name_is_pointed_out(run: Any, name: str, meant: str) -> None:
    result = run("config", "--json", **{name: TOKEN})
    assert f"the environment variable {name} is not read: did you mean {meant}?" in findings(result)
    assert TOKEN not in result.out
    used = run("config", "--json", **{name: TOKEN, meant: "https://api.example.com/v2.1"})
    assert not any("did you mean" in text for text in findings(used))


@pytest.mark.parametrize("name", ["UBIOPS_JSON", "UBIOPS_LOG", "UBIOPS_PROJECT", "UBIOPS"])
def test_other_variables_are_not(run: Any, name: str) -> None:
    assert not any("did you mean" in text for text in findings(run("config", "--json", **{name: "info"})))
