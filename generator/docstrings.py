"""Docstrings of hand-written code, as Markdown."""

from __future__ import annotations

import ast
import re
import textwrap

from generator.text import WIDTH

# The sections of a docstring, and their headings in Markdown.
SECTIONS = {
    "Args": "Arguments",
    "Attributes": "Attributes",
    "Raises": "Raises",
    "Returns": "Returns",
    "Warns": "Warns",
    "Yields": "Yields",
}


def markdown(docstring: str) -> str:
    """Returns a docstring as Markdown: its sections become lists, and its literal
    blocks become blocks of code.
    """
    text, sections = split(docstring)
    parts = _paragraphs(text)
    for heading, body in sections:
        parts.append(f"**{SECTIONS[heading]}**")
        entries = _entries(body)
        parts.append("\n".join(entries) if entries else "\n\n".join(_paragraphs(body)))
    return "".join(f"{part}\n\n" for part in parts)[:-1]


def split(docstring: str) -> tuple[str, list[tuple[str, str]]]:
    """Splits a docstring into its text, and its sections with their headings."""
    pattern = rf"^({'|'.join(SECTIONS)}):\n((?:(?:    .*)?\n)*)"
    found = re.findall(pattern, docstring + "\n", re.MULTILINE)
    sections = [(heading, textwrap.dedent(body).strip("\n")) for heading, body in found]
    return re.sub(pattern, "", docstring + "\n", flags=re.MULTILINE).strip("\n"), sections


def _paragraphs(text: str) -> list[str]:
    """Returns the blocks of a text: paragraphs, lists and code."""
    found = []
    for block in re.split(r"\n\s*\n(?=\S)", text.strip("\n")):
        lead, literal, code = block.partition("::\n\n")
        if literal or block == "::":
            if lead.strip():
                found.append(_wrap(lead.strip() + ":"))
            found.append(f"```text\n{textwrap.dedent(code).strip()}\n```")
        elif re.match(r"[-*] ", block):
            found.append("\n".join(_item(item) for item in re.split(r"\n(?=[-*] )", block)))
        elif block:
            found.append(_wrap(block))
    return found


def _entries(body: str) -> list[str]:
    """Returns the entries of a section as list items, or nothing if it is prose."""
    found = re.split(r"\n(?=\S)", body)
    matches = [re.match(r"([\w.*]+): (.*)", entry, re.DOTALL) for entry in found]
    return [_item(f"- ``{match[1]}``: {match[2]}") for match in matches if match] if all(matches) else []


def _item(text: str) -> str:
    return _wrap(text, "  ")


def _wrap(text: str, further: str = "") -> str:
    line = " ".join(text.split()).replace("``", "`")
    # Code stays in one line.
    line = re.sub(r"`[^`]+`", lambda code: code[0].replace(" ", "\0"), line)
    wrapped = textwrap.fill(line, WIDTH, subsequent_indent=further, break_long_words=False, break_on_hyphens=False)
    return wrapped.replace("\0", " ")


def signature(node: ast.FunctionDef | ast.AsyncFunctionDef, indent: int = 0) -> str:
    """Returns the definition of a function without its body, in one line if it fits.

    Args:
        node: The function.
        indent: The spaces that will stand before each line.
    """
    decorators = [f"@{ast.unparse(one)}\n" for one in node.decorator_list if isinstance(one, ast.Name)]
    keyword = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    arguments = _arguments(node.args)
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    line = f"{keyword} {node.name}({', '.join(arguments)}){returns}: ..."
    if len(line) > WIDTH - indent:
        listed = "".join(f"    {argument},\n" for argument in arguments)
        line = f"{keyword} {node.name}(\n{listed}){returns}: ..."
    return "".join(decorators) + line


def _arguments(arguments: ast.arguments) -> list[str]:
    """Returns the arguments of a function one by one, as they are written."""
    defaults = [None] * (len(arguments.args) - len(arguments.defaults)) + list(arguments.defaults)
    listed = [_argument(one, default) for one, default in zip(arguments.args, defaults)]
    if arguments.vararg or arguments.kwonlyargs:
        listed.append(f"*{ast.unparse(arguments.vararg)}" if arguments.vararg else "*")
    listed += [_argument(one, default) for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults)]
    if arguments.kwarg:
        listed.append(f"**{ast.unparse(arguments.kwarg)}")
    return listed


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    equals = " = " if argument.annotation else "="
    return ast.unparse(argument) + (f"{equals}{ast.unparse(default)}" if default is not None else "")
