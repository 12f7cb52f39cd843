"""Functions that read text from a server or a user accept any text."""

from __future__ import annotations

import os
import string
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import ubiops
from ubiops._core.dates import read_datetime
from ubiops._core.messages import server_message
from ubiops._core.retry import Failure, Policy, decide, requested_delay
from ubiops._io.downloads import disposition_filename, safe_filename
from ubiops.configuration import normalize_host

DATES = st.datetimes(timezones=st.just(timezone.utc) | st.none())
NEARLY_DATES = st.text("0123456789-:T.Z+ ", max_size=40) | st.text(string.printable, max_size=40) | st.text(max_size=40)
NAMED_ZONES = st.builds("{:%Y-%m-%d %H:%M:%S} {}".format, st.datetimes(), st.text(string.ascii_uppercase, max_size=5))


@given(text=NEARLY_DATES | NAMED_ZONES)
@example(text="2020-05-12 10:00:00 XYZ")
@example(text="10:00 UTC+3")
@example(text="1" * 5000)
@example(text="1e400")
@example(text="99999999999999999999-01-01")
@example(text="0000-00-00T00:00:00Z")
@example(text="2020-05-12T16:23:76Z")
@example(text=" ")
@example(text="\ud800")
def test_a_date_is_read_or_returned_unchanged(text: str) -> None:
    """Without a warning: users can't do anything about an unknown time zone."""
    found = read_datetime(text)
    assert found == text or isinstance(found, datetime)


@given(date=DATES)
def test_a_date_is_read_exactly(date: datetime) -> None:
    assert read_datetime(date.isoformat()) == date
    if date.tzinfo is not None:
        assert read_datetime(date.isoformat().replace("+00:00", "Z")) == date


@pytest.mark.parametrize("text", ["1 " * 100_000, "1:" * 100_000, "Jan " * 50_000, " " * 300_000, "1.1" * 100_000])
def test_a_string_that_is_too_long_is_not_a_date(text: str) -> None:
    """Parsing it could take time that grows faster than its length."""
    assert read_datetime(text) == text


@given(value=st.text(max_size=40) | NEARLY_DATES, now=st.floats(0, 4e9))
def test_a_requested_delay_is_a_valid_number_of_seconds(value: str, now: float) -> None:
    for name in ("Retry-After", "x-ratelimit-reset"):
        delay = requested_delay({name: value}, now)
        assert delay is None or (delay[0] >= 0 and delay[1] == name)
        failure = Failure("429", status=429, headers={name: value})
        wait, reason = decide(Policy(), "GET", failure, attempt=1, elapsed=0, now=now)
        assert reason
        assert wait is None or 0 <= wait <= 121


HEADER = st.lists(
    st.sampled_from(
        ['filename="', '"', "filename*=", "UTF-8''", "%2e", "%2F", "%ff", "\\", "/", "..", ";", "=", " ", "C:"]
    )
    | st.text(st.characters(max_codepoint=255), max_size=5),
    max_size=12,
).map("".join)


@given(header=HEADER | HEADER.map("attachment; filename={}".format) | HEADER.map("x; filename*=UTF-8''{}".format))
def test_a_file_name_from_a_header_is_safe(header: str) -> None:
    check_name(safe_filename(disposition_filename(header)))


@given(name=st.text() | st.text("./\\: \x00con", max_size=300))
def test_any_file_name_is_made_safe(name: str) -> None:
    safe = safe_filename(name)
    check_name(safe)
    assert safe_filename(safe) == safe


def check_name(name: str) -> None:
    assert name
    assert not set(name) & set('/\\:<>"|?*\0')
    assert name.isprintable()
    assert not name.startswith((".", " "))
    assert not name.endswith((".", " "))
    assert name not in (".", "..")
    assert os.path.basename(name) == name
    assert len(name.encode()) < 255
    assert name.split(".")[0].strip().lower() not in ("con", "prn", "aux", "nul", "com1", "lpt1")


@given(body=st.binary() | st.text() | HEADER.map("<Message>{}</Message>".format))
def test_a_servers_message_is_one_printable_line_of_bounded_length(body: Any) -> None:
    found = server_message(body)
    assert found is None or (found.isprintable() and 0 < len(found) <= 1001)


@given(host=st.text(max_size=40) | HEADER.map("http://{}".format) | st.text("abc.:/@?#[]%\\ \t1-", max_size=30))
def test_a_host_is_normalized_or_rejected(host: str) -> None:
    try:
        found = normalize_host(host)
    except ubiops.ApiValueError:
        return
    assert normalize_host(found) == found
    scheme, _, rest = found.partition("://")
    assert scheme in ("http", "https")
    netloc, slash, path = rest.partition("/")
    assert slash
    assert not set(found[len(scheme) + 3 :]) & set("@?#% \\\t\r\n")
    assert ".." not in path.split("/")
    assert netloc
    assert netloc.isascii()
