"""``python -m ubiops config``: the settings of a client, and where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops._cli.findings import find
from ubiops._cli.settings import Settings

if TYPE_CHECKING:
    from ubiops._cli.output import Output

_SECONDS = ("connect_timeout", "read_timeout", "retry_deadline")
_ABSENT = {
    "project": "none",
    "token": "none",
    "proxy": "none",
    "temp_folder_path": "the working directory",
    "logging": "off",
}
_COLUMN = 24


def run(output: Output, *, host: str | None, as_json: bool) -> int:
    """Shows the settings; returns the exit status."""
    settings = Settings(host)
    shown = list(settings.all())
    findings = find(settings)
    failed = any(finding.fatal for finding in findings)
    if as_json:
        output.json(
            {
                "ok": not failed,
                "settings": {one.name: {"value": one.value, "source": one.source} for one in shown},
                "findings": [finding._asdict() for finding in findings],
            }
        )
        return int(failed)
    for one in shown:
        output.entry(one.name, f"{_text(one.name, one.value)} ({one.source})", _COLUMN)
    if findings:
        output.line()
    for finding in findings:
        output.mark("fail" if finding.fatal else "warn", finding.setting, finding.text, 11)
    return int(failed)


def _text(name: str, value: Any) -> str:
    if value is None:
        return _ABSENT[name]
    return f"{value:g} s" if name in _SECONDS else str(value)
