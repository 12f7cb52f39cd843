"""Parses regular expressions of RE2, the syntax of LogQL, into a tree.

Supported are literals, escapes, ``.``, classes, groups, alternatives, repetitions and
the anchors ``^`` and ``$``; the flags ``i`` and ``s`` may stand at the beginning.
"""

from __future__ import annotations

from typing import Callable, NamedTuple, Union

MAXIMUM_LENGTH = 1000
_MAXIMUM_DEPTH = 50
# RE2 has the same limit.
_MAXIMUM_REPETITIONS = 1000

Test = Callable[[str], bool]


class Character(NamedTuple):
    """One character that passes a test."""

    test: Test


class Sequence(NamedTuple):
    """Parts that follow one another."""

    parts: tuple[Node, ...]


class Alternatives(NamedTuple):
    """One of several parts."""

    parts: tuple[Node, ...]


class Repetition(NamedTuple):
    """A part that occurs several times. No most means any number."""

    part: Node
    least: int
    most: int | None


class Anchor(NamedTuple):
    """The start (``^``) or the end (``$``) of the text."""

    at_end: bool


Node = Union[Character, Sequence, Alternatives, Repetition, Anchor]

_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_CLASSES: dict[str, frozenset[str]] = {"d": frozenset("0123456789"), "w": _WORD, "s": frozenset(" \t\n\r\f")}


class PatternError(ValueError):
    """A pattern that is invalid, or that is not supported. The message says why."""


def parse(pattern: str) -> Node:
    """Returns the tree of a pattern.

    Raises:
        PatternError: The pattern is invalid or not supported.
    """
    if len(pattern) > MAXIMUM_LENGTH:
        raise PatternError(f"has {len(pattern)} characters; at most {MAXIMUM_LENGTH} are supported")
    parser = _Parser(pattern)
    node = parser.alternatives(0)
    if parser.peek() == ")":
        raise PatternError("has a ')' without a '('")
    return node


class _Parser:
    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._ignores_case = self._dot_is_any = False

    def peek(self) -> str:
        """Returns the next character, or an empty string at the end."""
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        found = self.peek()
        if not found:
            raise PatternError("ends too early")
        self._at += 1
        return found

    def _skip(self, text: str) -> bool:
        found = self._text.startswith(text, self._at)
        if found:
            self._at += len(text)
        return found

    def alternatives(self, depth: int) -> Node:
        """Reads up to the end of a group."""
        if depth > _MAXIMUM_DEPTH:
            raise PatternError("is nested too deeply")
        parts = [self._sequence(depth)]
        while self._skip("|"):
            parts.append(self._sequence(depth))
        return parts[0] if len(parts) == 1 else Alternatives(tuple(parts))

    def _sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self.peek() not in ("", "|", ")"):
            atom = self._atom(depth)
            if atom is not None:
                parts.append(self._repeated(atom))
        return Sequence(tuple(parts))

    def _atom(self, depth: int) -> Node | None:
        character = self._next()
        if character == "(":
            return self._group(depth)
        if character == "[":
            return self._class()
        if character == ".":
            return Character(_any if self._dot_is_any else _any_but_newline)
        if character in "^$":
            return Anchor(character == "$")
        if character in "*+?":
            raise PatternError(f"has a {character!r} with nothing to repeat")
        if character == "\\":
            found = self._escaped()
            return Character(found if callable(found) else self._literal(found))
        return Character(self._literal(character))

    def _literal(self, character: str) -> Test:
        return self._test(frozenset(character), (), negated=False)

    def _group(self, depth: int) -> Node | None:
        if self._skip("?"):
            if self._skip("P<") or self._skip("<"):
                if self.peek() in ("=", "!"):
                    raise PatternError("looks behind, which is not supported")
                while self._next() != ">":
                    pass
            elif not self._skip(":"):
                self._flags()
                return None
        inner = self.alternatives(depth + 1)
        if not self._skip(")"):
            raise PatternError("has a '(' without a ')'")
        return inner

    def _flags(self) -> None:
        started = self._at - 2
        flags = ""
        while self.peek() not in ("", ")"):
            flags += self._next()
        self._at += 1
        if started != 0 or not flags or set(flags) - set("is"):
            raise PatternError(f"has '(?{flags}', which is not supported; '(?i)' and '(?s)' may stand at the beginning")
        self._ignores_case, self._dot_is_any = "i" in flags, "s" in flags

    def _repeated(self, atom: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return atom
        # Whether a repetition is greedy makes no difference to what is found.
        self._skip("?")
        if self.peek() in ("*", "+", "?") and self.peek():
            raise PatternError(f"repeats a repetition with {self.peek()!r}; put the first one in parentheses")
        return Repetition(atom, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._skip(sign):
                return bounds
        end = self._text.find("}", self._at)
        if self.peek() != "{" or end < 0:
            return None
        least, comma, most = self._text[self._at + 1 : end].partition(",")
        if not _is_number(least) or (most and not _is_number(most)):
            # As in RE2, a brace that starts no repetition stands for itself.
            return None
        low, high = int(least), (int(most) if most else None) if comma else int(least)
        if max(low, high or 0) > _MAXIMUM_REPETITIONS or (high is not None and high < low):
            raise PatternError(f"has the repetition {self._text[self._at : end + 1]}, which is not possible")
        self._at = end + 1
        return low, high

    def _class(self) -> Node:
        negated = self._skip("^")
        singles: set[str] = set()
        ranges: list[tuple[str, str]] = []
        tests: list[Test] = []
        first = True
        while first or self.peek() != "]":
            first = False
            if self._text.startswith("[:", self._at):
                raise PatternError("has a named class such as [:alpha:], which is not supported")
            low = self._class_member()
            if callable(low):
                tests.append(low)
                continue
            if self.peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("", "]"):
                self._at += 1
                high = self._class_member()
                if callable(high) or high < low:
                    raise PatternError("has a class with a range that is not possible")
                ranges.append((low, high))
            else:
                singles.add(low)
        self._at += 1
        return Character(self._test(frozenset(singles), tuple(ranges), negated=negated, tests=tuple(tests)))

    def _class_member(self) -> str | Test:
        character = self._next()
        return self._escaped() if character == "\\" else character

    def _escaped(self) -> str | Test:
        """Reads what follows a backslash: a character, or a test for a class."""
        character = self._next()
        if character.lower() in _CLASSES:
            return _member(_CLASSES[character.lower()], negated=character.isupper())
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character == "x":
            return self._code()
        if character.isalnum():
            raise PatternError(f"has '\\{character}', which is not supported")
        return character

    def _code(self) -> str:
        if self._skip("{"):
            end = self._text.find("}", self._at)
            digits = self._text[self._at : end] if end >= 0 else ""
            self._at = end + 1
        else:
            digits = self._next() + self._next()
        try:
            return chr(int(digits, 16))
        except (ValueError, OverflowError):
            raise PatternError(f"has '\\x' followed by {digits!r}, which is not a character") from None

    def _test(
        self,
        singles: frozenset[str],
        ranges: tuple[tuple[str, str], ...],
        *,
        negated: bool,
        tests: tuple[Test, ...] = (),
    ) -> Test:
        def is_in(character: str) -> bool:
            return (
                character in singles
                or any(low <= character <= high for low, high in ranges)
                or any(test(character) for test in tests)
            )

        if not self._ignores_case:
            return lambda character: is_in(character) != negated
        return lambda character: (is_in(character) or is_in(character.lower()) or is_in(character.upper())) != negated


def _any(character: str) -> bool:
    return True


def _any_but_newline(character: str) -> bool:
    return character != "\n"


def _member(characters: frozenset[str], *, negated: bool) -> Test:
    return lambda character: (character in characters) != negated


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5
