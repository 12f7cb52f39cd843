"""The server's message is found in bodies of all kinds."""

from __future__ import annotations

import pytest

from ubiops._core.messages import server_message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": "Deployment was not found"}', "Deployment was not found"),
        ('{"error_message": "x", "detail": "y"}', "x"),
        ('{"detail": "Not found."}', "Not found."),
        ('{"message": "m"}', "m"),
        ('{"error": {"name": ["is taken"]}}', '{"name": ["is taken"]}'),
        ('{"error": ""}', '{"error": ""}'),
        ('["a", "b"]', '["a", "b"]'),
        ('"text"', "text"),
        ("null", None),
        ("{}", None),
        ("<Error><Code>X</Code><Message>No &lt;key&gt;</Message></Error>", "No <key>"),
        ("<Error><Message>m</Message><Details>the details</Details></Error>", "the details"),
        ("<Error><Message><![CDATA[in cdata]]></Message></Error>", "in cdata"),
        ("plain  words\n", "plain words"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        ("", None),
        ("  \n", None),
        (
            "<!DOCTYPE html><html><head><title>502 Bad &amp; Gateway</title></head><body>long</body></html>",
            "502 Bad & Gateway",
        ),
        ("<html><body>no title</body></html>", None),
        ("<html><head><title></title></head><body><h1>Bad <b>Gateway</b></h1></body></html>", "Bad Gateway"),
        ("<html><body><H1 class='x'>Not&nbsp;here</H1></body></html>", "Not here"),
        ("<html><title>Error</title><h1>The upstream is down</h1></html>", "Error: The upstream is down"),
        ("<html><title>502 Bad Gateway</title><h1> 502  bad gateway </h1></html>", "502 Bad Gateway"),
        ("<html><title>502 Bad Gateway - nginx</title><h1>502 Bad Gateway</h1></html>", "502 Bad Gateway - nginx"),
        ("<html><title>Error</title><h1>Error 503: no backend</h1></html>", "Error 503: no backend"),
        ("<html><h1>" + "<h1>" * 2_000, None),
        ("x" * 5000, "x" * 1000 + "…"),
        ('{"error": "\\u001b[31mred\\u0007"}', "[31mred"),
        ("[" * 100_000, "[" * 1000 + "…"),
    ],
)
def test_the_servers_message_is_found(body: str | bytes, message: str | None) -> None:
    assert server_message(body) == message
