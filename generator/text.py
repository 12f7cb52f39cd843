"""Text for docstrings and for Markdown: wrapped, escaped, and with the marks of each."""

from __future__ import annotations

import json
import re
import textwrap
from typing import Any

WIDTH = 120


def wrap(text: str, indent: int = 0, hanging: int = 0) -> str:
    """Text of a docstring in lines of the right width: paragraphs stay apart, entries of lists begin their own line.

    Args:
        text: The text in Markdown.
        indent: Spaces before each line.
        hanging: Spaces more before each line but the first.

    Returns:
        The lines; the first one begins with its spaces.
    """
    lines: list[str] = []
    for paragraph in re.split(r"\n\s*\n", docstring(text.strip())):
        if lines:
            lines.append("")
        for part in re.split(r"\n(?=[-*] )", paragraph):
            further = hanging + (2 if re.match(r"[-*] ", part) else 0)
            first = indent if not lines else indent + hanging
            lines += textwrap.wrap(
                " ".join(part.split()),
                WIDTH,
                initial_indent=" " * first,
                subsequent_indent=" " * (indent + further),
                break_long_words=False,
                break_on_hyphens=False,
            )
    return "\n".join(lines)


def opening(text: str, indent: int) -> str:
    """Text at the beginning of a docstring, with the marks that open it."""
    # Wrapped with something in the place of the marks, which would be escaped.
    return wrap(f"@@@{text.strip()}", indent).replace("@@@", '"""', 1)


def docstring(text: str) -> str:
    """Text as it stands in a docstring: code has two marks there, and nothing ends the string or escapes in it."""
    marked = re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", text)
    return escape(marked)


def escape(text: str) -> str:
    """Text that stands between three double quotes."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def cell(text: str) -> str:
    """Text in a cell of a Markdown table."""
    line = " ".join(text.split()).replace("|", "\\|")
    # Code that looks like a link, such as a pattern: only parsers of the whole of Markdown would know better.
    return re.sub(r"`([^`]*\]\([^`]*)`", lambda found: f"<code>{_entities(found[1])}</code>", line)


def _entities(code: str) -> str:
    return re.sub(r"[^0-9A-Za-z ]", lambda found: f"&#{ord(found[0])};", code.replace("\\|", "|"))


def code(value: Any) -> str:
    """A value of the description as code in Markdown, as it is written in Python."""
    return f"`{json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)}`"


def pretty(value: Any) -> str:
    """A value of the description in JSON that people can read."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def sentence(text: str) -> str:
    """A text that begins with a capital and ends with a full stop."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", ":", "!", "?")) else f"{text}."


def joined(words: list[str], last: str = "and") -> str:
    """Words as a list in a sentence."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
