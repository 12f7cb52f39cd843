"""The part of LogQL, the query language of Grafana Loki, that the API accepts.

A query is a list of stages, without the stream selector of Loki:

- line filters: ``|= "text"``, ``!= "text"``, ``|~ "regex"``, ``!~ "regex"``
- label filters after ``|``: ``label = "text"``, and the same with ``!=``, ``=~`` and
  ``!~``, joined by ``and`` and ``or``, grouped by parentheses. ``and`` binds closer.

All stages must match. A label that an entry doesn't have is the empty string. A regular
expression must match a whole label, but may match anywhere in a line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable, NamedTuple, Union

from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.regex import Pattern
from ubiops.emulator.core.regex_syntax import PatternError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAXIMUM_LENGTH = 10_000
_MAXIMUM_FILTERS = 100
_MAXIMUM_DEPTH = 20

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<operator>\|=|\|~|!=|!~|=~|==|=|\||\(|\)|,)
      | `(?P<raw>[^`]*)`
      | "(?P<quoted>(?:[^"\\\n]|\\.)*)"
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{3}|.)", re.DOTALL)
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPES.update({character: character for character in "\\\"'`"})

Match = Callable[[str], bool]


class LabelFilter(NamedTuple):
    """A condition on one label.

    Attributes:
        label: The name of the label.
        equals: The text that the label must equal, if the filter asks for just that.
        matches: Whether a value passes.
    """

    label: str
    equals: str | None
    matches: Match

    def passes(self, labels: Mapping[str, str]) -> bool:
        """Returns whether labels pass."""
        return self.matches(labels.get(self.label, ""))


class All(NamedTuple):
    """Conditions that must all be met."""

    parts: tuple[Condition, ...]

    def passes(self, labels: Mapping[str, str]) -> bool:
        """Returns whether labels pass."""
        return all(part.passes(labels) for part in self.parts)


class Any(NamedTuple):
    """Conditions of which one must be met."""

    parts: tuple[Condition, ...]

    def passes(self, labels: Mapping[str, str]) -> bool:
        """Returns whether labels pass."""
        return any(part.passes(labels) for part in self.parts)


Condition = Union[LabelFilter, All, Any]


class Query(NamedTuple):
    """A query.

    Attributes:
        labels: What labels must be like.
        lines: What lines must be like.
    """

    labels: All
    lines: tuple[Match, ...]

    def accepts_line(self, line: str) -> bool:
        """Returns whether a line passes all line filters."""
        return all(matches(line) for matches in self.lines)


def parse(text: str) -> Query:
    """Returns the query that a text stands for.

    Raises:
        ApiError: The query is invalid: a 400 that says where and why.
    """
    if len(text) > _MAXIMUM_LENGTH:
        raise bad_request(f"query has {len(text)} characters; at most {_MAXIMUM_LENGTH} are supported")
    return _Parser(text).query()


class _Token(NamedTuple):
    # operator, value, name, or end.
    kind: str
    text: str
    at: int


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._filters = 0

    def query(self) -> Query:
        labels: list[Condition] = []
        lines: list[Match] = []
        while self._token.kind != "end":
            if self._skip("|"):
                labels.append(self._alternatives(0))
            elif self._token.text in ("|=", "!=", "|~", "!~") and self._token.kind == "operator":
                lines.append(self._line_filter())
            else:
                raise self._unexpected("a filter such as '| label = \"text\"' or '|= \"text\"'")
        return Query(All(tuple(labels)), tuple(lines))

    @property
    def _token(self) -> _Token:
        return self._tokens[self._at]

    def _skip(self, *texts: str) -> bool:
        if self._token.kind in ("operator", "name") and self._token.text in texts:
            self._at += 1
            return True
        return False

    def _unexpected(self, expected: str) -> Exception:
        found = "ends" if self._token.kind == "end" else f"has {self._token.text[:50]!r}"
        return bad_request(f"query {found} at position {self._token.at}, where {expected} is expected")

    def _alternatives(self, depth: int) -> Condition:
        if depth > _MAXIMUM_DEPTH:
            raise bad_request("query is nested too deeply")
        parts = [self._conjunction(depth)]
        while self._skip("or"):
            parts.append(self._conjunction(depth))
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def _conjunction(self, depth: int) -> Condition:
        parts = [self._operand(depth)]
        while self._skip("and", ","):
            parts.append(self._operand(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _operand(self, depth: int) -> Condition:
        if self._skip("("):
            inner = self._alternatives(depth + 1)
            if not self._skip(")"):
                raise self._unexpected("')'")
            return inner
        if self._token.kind != "name" or self._token.text in ("and", "or"):
            raise self._unexpected("the name of a label")
        label = self._token.text
        self._at += 1
        operator = self._token.text if self._token.kind == "operator" else ""
        if operator not in ("=", "==", "!=", "=~", "!~"):
            raise self._unexpected("one of =, !=, =~ and !~")
        self._at += 1
        value = self._value()
        if operator in ("=", "=="):
            return LabelFilter(label, value, value.__eq__)
        if operator == "!=":
            return LabelFilter(label, None, value.__ne__)
        if (operator, value) == ("!~", ".+"):
            # The waiting functions of the official clients ask like this for entries
            # without the label. An equation can use an index.
            return LabelFilter(label, "", "".__eq__)
        return _label_pattern(label, _pattern(value, whole=True), negated=operator == "!~")

    def _line_filter(self) -> Match:
        operator = self._token.text
        self._at += 1
        matches = [self._line_match(operator[1])]
        while self._skip("or"):
            matches.append(self._line_match(operator[1]))
        negated = operator[0] == "!"
        return lambda line: any(match(line) for match in matches) != negated

    def _line_match(self, sign: str) -> Match:
        value = self._value()
        if sign == "=":
            return lambda line: value in line
        return _pattern(value, whole=False).matches

    def _value(self) -> str:
        if self._token.kind != "value":
            raise self._unexpected("a text in backticks or double quotes")
        self._filters += 1
        if self._filters > _MAXIMUM_FILTERS:
            raise bad_request(f"query has more than {_MAXIMUM_FILTERS} filters")
        value = self._token.text
        self._at += 1
        return value


def _label_pattern(label: str, pattern: Pattern, *, negated: bool) -> LabelFilter:
    return LabelFilter(label, None, lambda value: pattern.matches(value) != negated)


def _pattern(value: str, *, whole: bool) -> Pattern:
    try:
        return Pattern(value, whole=whole)
    except PatternError as error:
        raise bad_request(f"the regular expression {value[:100]!r} in the query {error}") from error


def _tokens(text: str) -> list[_Token]:
    found = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            rest = text[at:].lstrip()
            if rest.startswith("{"):
                raise bad_request("query must not have a stream selector: start with a filter after the braces")
            raise bad_request(f"query is not valid LogQL at position {len(text) - len(rest)}: {rest[:50]!r}")
        kind = str(match.lastgroup)
        value = match[kind]
        if kind == "quoted":
            value = _unescape(value)
        found.append(_Token(kind if kind in ("operator", "name") else "value", value, match.start(kind)))
        at = match.end()
    return [*found, _Token("end", "", end)]


def _unescape(text: str) -> str:
    """Returns a text in double quotes without its escapes, which are those of Go."""

    def replace(found: re.Match[str]) -> str:
        escape = found[1]
        if len(escape) == 1 and escape in _ESCAPES:
            return _ESCAPES[escape]
        if len(escape) > 1:
            code = int(escape, 8) if escape[0].isdigit() else int(escape[1:], 16)
            if code < 0x110000:
                return chr(code)
        raise bad_request(f"query has the unknown escape '\\{escape}'; write regular expressions in backticks")

    return _ESCAPE.sub(replace, text)
