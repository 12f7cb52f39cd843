"""Checks a ubiops.yaml: the system packages and environment variables of a build."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

REDUCED = "only its outermost keys are checked without PyYAML: pip install 'ubiops[packages]'"

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*=.*", re.DOTALL)
_URL = re.compile(r"https?://[^\s/]+(/\S*)?", re.IGNORECASE)
_KEYS = ("environment_variables", "apt")


class SettingsProblem(NamedTuple):
    """A problem of the file."""

    line: int | None
    message: str
    hint: str | None = None


class Settings(NamedTuple):
    """The problems of a file, and whether all of it could be checked."""

    problems: list[SettingsProblem]
    is_complete: bool


def check_settings(content: bytes) -> Settings:
    """Checks the content of a ubiops.yaml."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = content.count(b"\n", 0, error.start) + 1
        return Settings([SettingsProblem(at, "the text is not valid UTF-8")], True)
    for number, line in enumerate(text.splitlines(), 1):
        if "\t" in line[: len(line) - len(line.lstrip())]:
            return Settings([SettingsProblem(number, "the line is indented with a tab", "use spaces")], True)
    try:
        import yaml
    except ImportError:
        return Settings(_check_keys(text), False)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        return Settings(
            [SettingsProblem(mark.line + 1 if mark else None, f"this is not valid YAML: {error.problem}")], True
        )
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return Settings([SettingsProblem(None, f"this is not valid YAML: {str(error).partition(chr(10))[0]}")], True)
    if node is None:
        return Settings([], True)
    checker = _Checker()
    checker.check(node)
    return Settings(checker.problems, True)


def _check_keys(text: str) -> list[SettingsProblem]:
    """Checks the outermost keys by looking at the lines alone."""
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        key = line.partition(":")[0].strip("\"' ")
        if ":" in line and not line.startswith((" ", "#", "-", "{", "[")) and key not in _KEYS:
            problems.append(_unknown_key(number, key, _KEYS))
    return problems


def _unknown_key(line: int, key: str, known: tuple[str, ...]) -> SettingsProblem:
    import difflib

    alike = difflib.get_close_matches(key, known, 1)
    hint = f"did you mean {alike[0]}?" if alike else f"the keys are {' and '.join(known)}"
    return SettingsProblem(line, f"{key!r} is not a valid key", hint)


class _Checker:
    """Checks the nodes of the file, which know their lines."""

    def __init__(self) -> None:
        self.problems: list[SettingsProblem] = []

    def check(self, node: Any) -> None:
        fields = self._mapping(node, "the file", _KEYS)
        if "environment_variables" in fields:
            for item in self._list(fields["environment_variables"], "environment_variables"):
                value = _text(item)
                if value is None or not _VARIABLE.fullmatch(value):
                    message = "an environment variable must be written as NAME=value"
                    self._add(item, message, "names have capital letters, digits and underscores")
        if "apt" in fields:
            self._check_apt(fields["apt"])

    def _check_apt(self, node: Any) -> None:
        before = len(self.problems)
        fields = self._mapping(node, "apt", ("packages", "keys", "sources"))
        if "packages" in fields:
            self._check_texts(fields["packages"], "packages")
        elif before == len(self.problems):
            self._add(node, "apt must have the key packages", "packages: [] installs none")
        for name in ("keys", "sources"):
            if name in fields:
                inner = self._mapping(fields[name], f"apt.{name}", ("urls", "items"))
                if "items" in inner:
                    self._check_texts(inner["items"], f"{name}.items")
                for item in self._list(inner["urls"], f"apt.{name}.urls") if "urls" in inner else ():
                    if not _URL.fullmatch(_text(item) or ""):
                        self._add(item, f"{_shown(item)} is not a valid URL", "it must begin with http:// or https://")

    def _check_texts(self, node: Any, name: str) -> None:
        for item in self._list(node, f"apt.{name}"):
            if not _text(item):
                self._add(item, f"the items of apt.{name} must be text that is not empty")

    def _mapping(self, node: Any, name: str, known: tuple[str, ...]) -> dict[str, Any]:
        if node.id != "mapping":
            self._add(node, f"{name} must be a mapping with the keys {', '.join(known)}")
            return {}
        fields: dict[str, Any] = {}
        for key, value in node.value:
            text = str(key.value) if key.id == "scalar" else "a complex key"
            if text not in known:
                self.problems.append(_unknown_key(key.start_mark.line + 1, text, known))
            elif text in fields:
                self._add(key, f"the key {text} occurs twice")
            else:
                fields[text] = value
        return fields

    def _list(self, node: Any, name: str) -> list[Any]:
        if node.id == "sequence":
            items: list[Any] = node.value
            return items
        self._add(node, f"{name} must be a list", "put '- ' before each item")
        return []

    def _add(self, node: Any, message: str, hint: str | None = None) -> None:
        self.problems.append(SettingsProblem(node.start_mark.line + 1, message, hint))


def _text(node: Any) -> str | None:
    """Returns the value of a node that is text; None for any other value."""
    return str(node.value) if node.id == "scalar" and node.tag == "tag:yaml.org,2002:str" else None


def _shown(node: Any) -> str:
    return repr(node.value)[:80] if node.id == "scalar" else f"a {node.id}"
