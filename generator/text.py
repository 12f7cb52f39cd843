"""Text for docstrings and for Markdown: wrapped, escaped and marked up."""

from __future__ import annotations

import json
import re
import textwrap
from typing import Any

WIDTH = 88


def wrap(text: str, indent: int = 0, hanging: int = 0, width: int = WIDTH) -> str:
    """Wraps the text of a docstring. Paragraphs stay apart, and each entry of a list
    starts a line.

    Args:
        text: The text in Markdown.
        indent: Spaces before each line.
        hanging: Further spaces before each line except the first.
        width: The maximum length of a line.

    Returns:
        The lines, all of them indented.
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
                width,
                initial_indent=" " * first,
                subsequent_indent=" " * (indent + further),
                break_long_words=False,
                break_on_hyphens=False,
            )
    return "\n".join(lines)


def opening(text: str, indent: int, width: int = WIDTH) -> str:
    """Text at the start of a docstring, with the opening quotes."""
    # Wrapped with something in place of the quotes, which would be escaped.
    return wrap(f"@@@{text.strip()}", indent, width=width).replace("@@@", '"""', 1)


def quoted(text: str, indent: int, *, compact: bool = False) -> str:
    """Text as a whole docstring, with the quotes around it.

    Args:
        text: The text.
        indent: Spaces before each line.
        compact: Whether the closing quotes stand at the end of the last of several
            lines, if they fit.
    """
    lines = opening(text, indent)
    if "\n" not in lines:
        # Broken earlier if the quotes don't fit, which ruff puts behind a single line.
        lines = opening(text, indent, WIDTH - 3)
    last = lines.rpartition("\n")[2]
    if last == lines or (compact and len(last) + 3 <= WIDTH):
        return f'{lines}"""'
    return f'{lines}\n{" " * indent}"""'


def docstring(text: str) -> str:
    """Text for a docstring: code has double backquotes, and nothing can end the string
    or be an escape sequence.
    """
    marked = re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", text)
    return escape(marked)


def escape(text: str) -> str:
    """Text to stand between triple quotes."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def cell(text: str) -> str:
    """Text in a cell of a Markdown table."""
    line = " ".join(text.split()).replace("|", "\\|")
    # Code that looks like a link, such as a pattern: simple parsers of Markdown would
    # take it for one.
    return re.sub(r"`([^`]*\]\([^`]*)`", lambda found: f"<code>{_entities(found[1])}</code>", line)


def _entities(code: str) -> str:
    return re.sub(r"[^0-9A-Za-z ]", lambda found: f"&#{ord(found[0])};", code.replace("\\|", "|"))


def code(value: Any) -> str:
    """A value of the description as code in Markdown, in Python's syntax."""
    return f"`{json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)}`"


def pretty(value: Any) -> str:
    """A value of the description as indented JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def sentence(text: str) -> str:
    """A text with a capital at its start and a full stop at its end."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", ":", "!", "?")) else f"{text}."
