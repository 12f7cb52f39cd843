"""Estimates how deeply Python code is nested, without Python's own parser.

The parsers of Python 3.9 and 3.10 crash on code whose syntax tree is too deep; later
ones raise an error.
"""

from __future__ import annotations

import re
import sys

MAXIMUM_DEPTH = 3000
"""The depth above which code is rejected. No code that runs comes near it."""
_CRASHES = sys.version_info < (3, 11)

# Each match of the last group adds at most one level to the syntax tree.
_TOKEN = re.compile(
    r"""
      (?P<string> [fF]?[rR]?[fF]? (?:
          \"{3} (?: [^\\] | \\. )*? (?: \"{3} | \Z )
        | '{3} (?: [^\\] | \\. )*? (?: '{3} | \Z )
        | \"  (?: [^\"\\\n] | \\. )* \"?
        | '   (?: [^'\\\n] | \\. )* '? ) )
    | (?P<comment> \#[^\n]* )
    | (?P<open> [(\[{] )
    | (?P<close> [)\]}] )
    | (?P<line> \\?\n | ; )
    | (?P<comma> , )
    | (?P<level> \b(?:else|if|not|lambda|await|yield|in|is|and|or)\b | [-+*/%@&|^~.:=<>] )
    """,
    re.VERBOSE | re.DOTALL,
)
_LEVELS = re.compile(r"[-+*/%@&|^~.:=<>(\[]")
_WORDS = ("else", "not", "await")
_ELIF = re.compile(r"\belif\b")


def is_nested_deeply(text: str) -> bool:
    """Returns whether this code would crash this Python's parser."""
    return _CRASHES and depth(text) > MAXIMUM_DEPTH


def depth(text: str) -> int:
    """Returns an upper bound of the depth of the syntax tree.

    It is exact enough for code with less than a level per three characters; short code
    is not looked at.
    """
    if len(text) <= MAXIMUM_DEPTH:
        return 0
    deepest = len(_ELIF.findall(text))
    if len(_LEVELS.findall(text)) + sum(map(text.count, _WORDS)) + deepest <= MAXIMUM_DEPTH:
        return deepest
    # For each open bracket, and for the line: the levels since the last comma, the
    # deepest bracket that was closed since then, and the deepest part before it.
    stack = [[0, 0, 0]]
    for found in _TOKEN.finditer(text):
        kind, level = found.lastgroup, stack[-1]
        if kind == "level":
            level[0] += 1
        elif kind == "open":
            level[0] += 1
            stack.append([0, 0, 0])
        elif kind == "string":
            if found[0][0] in "fFrR":
                level[1] = max(level[1], len(_LEVELS.findall(found[0])))
        elif kind == "comma" or (kind == "line" and len(stack) == 1 and found[0] != "\\\n"):
            level[2] = max(level[2], level[0] + level[1])
            level[0] = level[1] = 0
            deepest = max(deepest, level[2])
        elif kind == "close" and len(stack) > 1:
            closed = stack.pop()
            stack[-1][1] = max(stack[-1][1], closed[2], closed[0] + closed[1])
    # What was never closed counts as well.
    return max(deepest, sum(level[0] + level[1] for level in stack), *(level[2] for level in stack))
