"""Fields of models by position."""

from __future__ import annotations

from typing import Any

import pytest

import ubiops
from ubiops.models._positions import LEADING


def test_fields_may_be_given_by_position() -> None:
    made = ubiops.EnvironmentVariableCreate("NAME", "value", False)
    assert made == ubiops.EnvironmentVariableCreate(name="NAME", value="value", secret=False)
    assert ubiops.EnvironmentVariableCreate("NAME", secret=True, value="x").name == "NAME"
    assert ubiops.AuditList("1", "2020-01-02T03:04:05Z").date.year == 2020


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ubiops.EnvironmentCreate("a", "b"), "takes only its first 1 of its fields by position"),
        (lambda: ubiops.EnvironmentUpdate("a"), "takes none of its fields by position"),
        (lambda: ubiops.Status("ok", None, 5), "Status has 2 fields, got 3; give fields by name, as in Status"),
        (lambda: ubiops.Status("ok", status="ok"), "Status got the field 'status' by position and by name"),
        (lambda: ubiops.Status({"status": "ok"}), r"takes the fields of a dict as Status\(\*\*data\)"),
    ],
)
def test_ambiguous_positions_are_rejected(make: Any, message: str) -> None:
    with pytest.raises(ubiops.ApiTypeError, match=message):
        make()


def test_only_existing_models_are_listed() -> None:
    for name, count in LEADING.items():
        assert count < len(getattr(ubiops, name).openapi_types)
