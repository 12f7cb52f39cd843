"""Regular expressions whose cost is bounded, for patterns that callers send.

Python's `re` backtracks: a short pattern can occupy the process for hours, and no other
thread runs meanwhile. Here a pattern becomes a finite automaton, as in RE2 and Loki: it
reads each character once. The states of the automaton are made when they are first
needed, and making them is what costs time, so the number of steps is limited.
"""

from __future__ import annotations

from typing import NamedTuple

from ubiops.emulator.core.regex_syntax import (
    Alternatives,
    Anchor,
    Character,
    Node,
    PatternError,
    Repetition,
    Sequence,
    Test,
    parse,
)

_MAXIMUM_NODES = 5000
# Parts that match the empty text alone add no nodes, but building them takes time.
_MAXIMUM_PARTS = 20 * _MAXIMUM_NODES
# A step takes about 0.2 microseconds.
_MAXIMUM_STEPS = 5_000_000
_MAXIMUM_TRANSITIONS = 20_000


class TooCostlyError(ValueError):
    """Matching took more steps than are allowed."""


class _Step(NamedTuple):
    """A node of the automaton that passes a test, or stands for an anchor."""

    test: Test | None
    at_end: bool
    following: int


class _State:
    """A set of nodes that the automaton can be in after some text."""

    __slots__ = ("at_end", "following", "matches", "steps")

    def __init__(self, steps: tuple[int, ...], matches: bool, at_end: bool) -> None:
        self.steps = steps
        # Whether the text matches so far, and whether it does if it ends here.
        self.matches = matches
        self.at_end = at_end
        self.following: dict[str, _State] = {}


class Pattern:
    """A compiled pattern. May be used by one thread at a time.

    Args:
        pattern: The pattern, in the syntax of RE2.
        whole: Whether it must match a text from its beginning to its end.

    Raises:
        PatternError: The pattern is invalid, too large, or not supported.
    """

    def __init__(self, pattern: str, *, whole: bool) -> None:
        self._whole = whole
        # Nodes: a step, or the nodes that follow without reading anything.
        self._nodes: list[_Step | tuple[int, ...]] = []
        self._parts = 0
        self._end = self._add(())
        self._first = self._build(parse(pattern), self._end)
        self._states: dict[tuple[tuple[int, ...], bool, bool], _State] = {}
        self._used = 0
        self._transitions = 0
        self._start = self._state({self._first}, at_start=True)

    def matches(self, text: str) -> bool:
        """Returns whether a text matches.

        Raises:
            TooCostlyError: All texts together took too many steps.
        """
        state = self._start
        for character in text:
            if state.matches and not self._whole:
                return True
            following = state.following.get(character)
            if following is None:
                following = self._follow(state, character)
            state = following
        return state.at_end

    def _follow(self, state: _State, character: str) -> _State:
        if self._transitions >= _MAXIMUM_TRANSITIONS:
            for one in self._states.values():
                one.following.clear()
            self._states.clear()
            self._start.following.clear()
            self._transitions = 0
        nodes = set() if self._whole else {self._first}
        self._count(len(state.steps) + 1)
        for number in state.steps:
            step = self._nodes[number]
            if isinstance(step, _Step) and step.test is not None and step.test(character):
                nodes.add(step.following)
        following = self._state(nodes, at_start=False)
        state.following[character] = following
        self._transitions += 1
        return following

    def _state(self, nodes: set[int], *, at_start: bool) -> _State:
        steps, matches = self._reach(nodes, at_start=at_start, at_end=False)
        at_end = matches or self._reach(nodes, at_start=at_start, at_end=True)[1]
        key = (steps, matches, at_end)
        found = None if at_start else self._states.get(key)
        if found is None:
            found = _State(steps, matches, at_end)
            if not at_start:
                self._states[key] = found
        return found

    def _reach(self, nodes: set[int], *, at_start: bool, at_end: bool) -> tuple[tuple[int, ...], bool]:
        """Returns what can be reached without reading: steps, and perhaps the end."""
        seen, waiting = set(nodes), list(nodes)
        steps = []
        while waiting:
            number = waiting.pop()
            node = self._nodes[number]
            if not isinstance(node, _Step):
                following = node
            elif node.test is None and (at_end if node.at_end else at_start):
                following = (node.following,)
            else:
                following = ()
                if node.test is not None:
                    steps.append(number)
            for one in following:
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
        self._count(len(seen))
        return tuple(sorted(steps)), self._end in seen

    def _count(self, steps: int) -> None:
        self._used += steps
        if self._used > _MAXIMUM_STEPS:
            raise TooCostlyError("takes too long to match; use a simpler one")

    def _add(self, node: _Step | tuple[int, ...]) -> int:
        if len(self._nodes) >= _MAXIMUM_NODES:
            raise PatternError("is too large")
        self._nodes.append(node)
        return len(self._nodes) - 1

    def _build(self, node: Node, following: int) -> int:
        """Adds a part of the tree and returns its first node."""
        self._parts += 1
        if self._parts > _MAXIMUM_PARTS:
            raise PatternError("is too large")
        if isinstance(node, Character):
            return self._add(_Step(node.test, False, following))
        if isinstance(node, Anchor):
            return self._add(_Step(None, node.at_end, following))
        if isinstance(node, Alternatives):
            return self._add(tuple(self._build(part, following) for part in node.parts))
        if isinstance(node, Sequence):
            for part in reversed(node.parts):
                following = self._build(part, following)
            return following
        return self._build_repetition(node, following)

    def _build_repetition(self, node: Repetition, following: int) -> int:
        if node.most is None:
            loop = self._add(())
            self._nodes[loop] = (self._build(node.part, loop), following)
            following = loop
        else:
            for _ in range(node.most - node.least):
                following = self._add((self._build(node.part, following), following))
        for _ in range(node.least):
            following = self._build(node.part, following)
        return following
