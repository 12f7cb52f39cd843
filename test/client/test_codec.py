"""JSON is read with the same results and errors whether or not msgspec is installed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from typing import Any

import pytest

import ubiops
from ubiops._core import codec

msgspec = pytest.importorskip("msgspec")
DECODE: Any = msgspec.json.Decoder().decode


def outcome(body: bytes) -> tuple[str, str]:
    """The value or the error of a body; the form distinguishes 1, 1.0 and True."""
    try:
        return "value", repr(codec.parse_json(body, 200))
    except ubiops.InvalidResponseError as error:
        return "error", f"{error}{error.body!r}"


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reads a body with json and with msgspec, and returns both outcomes."""

    def read(body: bytes) -> list[tuple[str, str]]:
        found = []
        for choice in ("json", "msgspec"):
            monkeypatch.setattr(codec, "_fast", codec._FastReader(choice))
            found.append(outcome(body))
        return found

    return read


BODIES: dict[str, bytes] = {
    "object": b'{"a": [1, 2.5, -3, true, false, null, "x"], "b": {"c": {}}}',
    "integer of 64 bits": b"18446744073709551615",
    "integer of more than 64 bits": b"[18446744073709551616, -9223372036854775809, 1" + b"0" * 400 + b"]",
    "integer of too many digits": b"9" * 5000,
    "negative zero": b"[-0, -0.0, 0e0]",
    "large and small floats": b"[1e400, -1e400, 1e-400, 1.7976931348623159e308, 4.9e-324, 1e22, 0.1]",
    "long float": b"1." + b"9" * 5000,
    "NaN": b'{"a": [NaN, Infinity, -Infinity]}',
    "same key twice": b'{"a": 1, "b": 2, "a": 3}',
    "surrogate": b'["\\ud800", "\\ud83d\\ude00", "\\ude00\\ud83d"]',
    "surrogate in UTF-8": b'"\xed\xa0\x80"',
    "bytes that are not UTF-8": b'"\xff\xfe"',
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-32": '{"a": "é"}'.encode("utf-32"),
    "escapes": rb'"\" \\ \/ \b \f \n \r \t \u00e9 \u0000"',
    "wrong escape": rb'"\x"',
    "control character": b'"a\x01"',
    "line break in a string": b'"a\n"',
    "white space": b" \t\r\n1\n ",
    "other whitespace": b"\x0c1",
    "nothing": b"",
    "only whitespace": b"  ",
    "two values": b"1 2",
    "comma at the end": b"[1,]",
    "comma at the end of an object": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "leading zero": b"01",
    "no digit after the point": b"1.",
    "no digit before the point": b".5",
    "plus": b"+1",
    "no exponent": b"1e+",
    "half a literal": b"tru",
    "half an object": b'{"a": ',
    "key that is a number": b"{1: 2}",
    "deep": b"[" * 400 + b"]" * 400,
    "too deep": b"[" * 100_000 + b"]" * 100_000,
    "too deep, objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_both_read_the_same(body: bytes, both: Any) -> None:
    by_json, by_msgspec = both(body)
    assert by_msgspec == by_json


def test_both_read_the_same_from_damaged_bodies(both: Any) -> None:
    """A thousand bodies, each with a few bytes changed, inserted or removed."""
    chance = random.Random(7)  # noqa: S311 - repeatable, and no secret
    for body in list(BODIES.values())[:22]:
        for _ in range(40):
            damaged = bytearray(body[:300])
            for _ in range(chance.randint(1, 3)):
                place = chance.randint(0, len(damaged))
                damaged[place : place + chance.randint(0, 2)] = bytes(
                    chance.choices(b'{}[]:,"\\0e.-x \xff', k=chance.randint(0, 2))
                )
            by_json, by_msgspec = both(bytes(damaged))
            assert by_msgspec == by_json, bytes(damaged)


def test_both_read_floats_exactly(both: Any) -> None:
    chance = random.Random(7)  # noqa: S311 - repeatable, and no secret
    texts = [repr(chance.uniform(-1, 1) * 10.0 ** chance.randint(-320, 308)) for _ in range(2000)]
    numbers = [(chance.randint(0, 10**30), chance.randint(0, 10**30), chance.randint(-330, 300)) for _ in range(2000)]
    texts += [f"{whole}.{fraction}e{exponent}" for whole, fraction, exponent in numbers]
    by_json, by_msgspec = both(f"[{', '.join(texts)}]".encode())
    assert by_msgspec == by_json


# --- when it is used ------------------------------------------------------------------

SMALL, LARGE = b"[1]", json.dumps(["x" * codec.LARGE_BODY]).encode()


def run(code: str, choice: str | None = None) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "UBIOPS_JSON"}
    if choice:
        environment["UBIOPS_JSON"] = choice
    command = [sys.executable, "-c", f"import sys\nfrom ubiops._core import codec\n{code}"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_it_is_imported_with_the_first_large_body() -> None:
    code = f"codec.parse_json({SMALL!r}, 200); a = 'msgspec' in sys.modules\n"
    code += "codec.parse_json(b'[' + b' ' * codec.LARGE_BODY + b']', 200); print(a, 'msgspec' in sys.modules)"
    assert run(code) == "False True"


def test_json_is_used_if_it_is_not_installed() -> None:
    code = "sys.modules['msgspec'] = None\nprint(codec.parse_json(b'[' + b' ' * codec.LARGE_BODY + b'1]', 200))"
    assert run(code) == "[1]"


@pytest.mark.parametrize(("choice", "used"), [("json", "False"), ("msgspec", "True")])
def test_an_environment_variable_forces_one_of_them(choice: str, used: str) -> None:
    code = "codec.parse_json(b'[' + b' ' * codec.LARGE_BODY + b']', 200); print('msgspec' in sys.modules)"
    assert run(code, choice) == used


def test_forcing_it_when_it_is_not_installed_is_an_error() -> None:
    command = [sys.executable, "-c", "import sys; sys.modules['msgspec'] = None; import ubiops._core.codec"]
    environment = {**os.environ, "UBIOPS_JSON": "msgspec"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert "msgspec" in done.stderr.splitlines()[-1]
    assert done.returncode == 1


def test_large_bodies_are_read_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "_fast", codec._FastReader(""))
    monkeypatch.setattr(json, "loads", lambda body: pytest.fail("json was used"))
    assert codec.parse_json(LARGE, 200) == ["x" * codec.LARGE_BODY]
