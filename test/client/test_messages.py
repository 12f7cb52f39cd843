"""The server's own words in bodies of all kinds."""

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
        ("x" * 5000, "x" * 1000 + "…"),
        ('{"error": "\\u001b[31mred\\u0007"}', "[31mred"),
        ("[" * 100_000, "[" * 1000 + "…"),
    ],
)
def test_the_servers_words_are_found(body: str | bytes, message: str | None) -> None:
    assert server_message(body) == message
