"""The graph of a pipeline version: objects, and the attachments between them.

What happens where several sources meet is a guess, and all of it is here:

- Sources of one attachment that map different fields are merged into one input, which
  is complete when all of them have delivered.
- If each source of an attachment maps all fields, or the data is plain, each of them
  delivers an input of its own. So do several attachments to one destination. This is
  how the branches of conditions come together again.
- One of the sources may lie outside of a split: its value is merged into each part.
"""

from __future__ import annotations

import graphlib
from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops.emulator.areas.pipelines.forms import Form, fits
from ubiops.emulator.areas.pipelines.operators import JOIN, SPLIT, VARIABLE
from ubiops.emulator.core.errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

START = "pipeline_start"
END = "pipeline_end"


class Node(NamedTuple):
    """An object of a pipeline version, with what it refers to.

    Attributes:
        id: The id of the object.
        name: Its name.
        kind: deployment, pipeline or operator.
        reference_name: The present name of the deployment, pipeline or operator.
        reference: The key of the deployment or pipeline.
        version: The key of the version; None for the default version of the moment.
        version_name: The present name of the version.
        input: The form of its input.
        output: The form of its output.
        configuration: Its settings.
    """

    id: str
    name: str
    kind: str
    reference_name: str
    reference: int | None
    version: int | None
    version_name: str | None
    input: Form
    output: Form
    configuration: dict[str, Any]

    @property
    def operator(self) -> str | None:
        """The name of the operator, if it is one."""
        return self.reference_name if self.kind == "operator" else None


class Source(NamedTuple):
    """Where a part of an input comes from: pairs of source and destination field."""

    name: str
    mapping: tuple[tuple[str, str], ...]


class Delivery(NamedTuple):
    """The sources that make up one input of a destination."""

    sources: tuple[Source, ...]


class Dimension(NamedTuple):
    """Something that multiplies the runs of the objects behind it.

    Attributes:
        name: The object that it begins with.
        split: Whether it is a split, and not a destination with several deliveries.
    """

    name: str
    split: bool


class Plan(NamedTuple):
    """A checked graph.

    Attributes:
        nodes: The objects by name.
        deliveries: The deliveries of each destination.
        inner: The dimensions within which an object runs.
        outer: The dimensions within which its output is.
        consumed: The names of all sources.
        end: The form of the output.
    """

    nodes: dict[str, Node]
    deliveries: dict[str, tuple[Delivery, ...]]
    inner: dict[str, tuple[Dimension, ...]]
    outer: dict[str, tuple[Dimension, ...]]
    consumed: frozenset[str]
    end: Form


def make_plan(nodes: Sequence[Node], attachments: Sequence[Mapping[str, Any]], start: Form, end: Form) -> Plan:
    """Checks a graph.

    Args:
        nodes: The objects.
        attachments: The attachments, as the API has them.
        start: The form of the pipeline's input.
        end: The form of the pipeline's output.

    Raises:
        ApiError: A name is unknown or used twice, fields don't fit or are missing, or
            the attachments form a cycle.
    """
    named: dict[str, Node] = {}
    for node in nodes:
        if node.name in named or node.name in (START, END):
            problem = "is used twice" if node.name in named else "is reserved"
            raise bad_request(f"The name {node.name} of an object {problem}")
        named[node.name] = node
    outputs = {START: start, **{node.name: node.output for node in nodes}}
    inputs = {END: end, **{node.name: node.input for node in nodes}}
    deliveries: dict[str, tuple[Delivery, ...]] = {}
    for attachment in attachments:
        name = attachment["destination_name"]
        found = _deliveries(name, attachment["sources"], inputs, outputs)
        deliveries[name] = deliveries.get(name, ()) + found
    consumed = frozenset(
        source.name for found in deliveries.values() for delivery in found for source in delivery.sources
    )
    for name in sorted(consumed - {START}):
        if name not in deliveries and named[name].operator != VARIABLE:
            raise bad_request(f"The object {name} is a source, but nothing is attached to it")
    order = _order(deliveries)
    inner: dict[str, tuple[Dimension, ...]] = {}
    outer: dict[str, tuple[Dimension, ...]] = {START: ()}
    for name in (*order, *(name for name in named if name not in order)):
        if name in (START, END):
            continue
        inner[name] = _dimensions(name, deliveries.get(name, ()), outer)
        outer[name] = _behind(named[name], inner[name])
    for delivery in deliveries.get(END, ()):
        _merged(END, delivery, outer)
    return Plan(named, deliveries, inner, outer, consumed, end)


def _deliveries(
    name: str, sources: Sequence[Mapping[str, Any]], inputs: Mapping[str, Form], outputs: Mapping[str, Form]
) -> tuple[Delivery, ...]:
    """Returns the deliveries of one attachment."""
    if name not in inputs:
        raise bad_request(f"Attachment refers to the unknown object {name}")
    if not sources:
        raise bad_request(f"The attachment to {name} has no sources")
    form = inputs[name]
    read = [_source(name, source, form, outputs) for source in sources]
    if not form.structured:
        return tuple(Delivery((source,)) for source in read)
    mapped = [[destination for _, destination in source.mapping] for source in read]
    together = [field for fields in mapped for field in fields]
    if len(set(together)) == len(together):
        _check_complete(name, form, together)
        return (Delivery(tuple(read)),)
    for source, fields in zip(read, mapped):
        if len(set(fields)) != len(fields) or set(fields) != set(form.fields):
            twice = next(field for field in together if together.count(field) > 1)
            raise bad_request(
                f"The field {twice} of {name} is mapped more than once: map it once, or all fields from each source; "
                f"{source.name} maps {', '.join(fields) or 'none'}"
            )
    return tuple(Delivery((source,)) for source in read)


def _check_complete(name: str, form: Form, mapped: Sequence[str]) -> None:
    missing = [field for field in form.fields if field not in mapped]
    if missing:
        raise bad_request(f"The attachments to {name} don't map the field {missing[0]}")


def _source(name: str, source: Mapping[str, Any], form: Form, outputs: Mapping[str, Form]) -> Source:
    given = source["source_name"]
    if given not in outputs:
        raise bad_request(f"Attachment refers to the unknown object {given}")
    output = outputs[given]
    mapping = tuple((pair["source_field_name"], pair["destination_field_name"]) for pair in source.get("mapping") or ())
    for left, right in mapping:
        if left not in output.fields:
            raise bad_request(f"Attachment refers to the unknown field {left} of {given}")
        if right not in form.fields:
            raise bad_request(f"Attachment refers to the unknown field {right} of {name}")
        if not fits(output.fields[left], form.fields[right]):
            raise bad_request(
                f"The field {left} of {given} is of type {output.fields[left]}, but {right} of {name} is of type "
                f"{form.fields[right]}"
            )
    if output.structured != form.structured and not (form.structured and not form.fields):
        raise bad_request(f"The output of {given} is {output.type}, but the input of {name} is {form.type}")
    return Source(given, mapping)


def _order(deliveries: Mapping[str, tuple[Delivery, ...]]) -> list[str]:
    """Returns all attached names, sources before their destinations."""
    sorter = graphlib.TopologicalSorter(
        {
            name: sorted({source.name for delivery in found for source in delivery.sources})
            for name, found in deliveries.items()
        }
    )
    try:
        return list(sorter.static_order())
    except graphlib.CycleError as error:
        cycle = " -> ".join(reversed(error.args[1]))
        raise bad_request(f"The attachments form a cycle: {cycle}") from error


def _dimensions(
    name: str, deliveries: tuple[Delivery, ...], outer: Mapping[str, tuple[Dimension, ...]]
) -> tuple[Dimension, ...]:
    """Returns the dimensions within which a destination runs."""
    found = {_merged(name, delivery, outer) for delivery in deliveries} or {()}
    if len(found) > 1:
        raise bad_request(f"The inputs of {name} come from inside and outside of a split: merge them in one attachment")
    dimensions = found.pop()
    return (*dimensions, Dimension(name, False)) if len(deliveries) > 1 else dimensions


def _merged(name: str, delivery: Delivery, outer: Mapping[str, tuple[Dimension, ...]]) -> tuple[Dimension, ...]:
    """Returns the dimensions of a merged input: those of the innermost source."""
    found = [outer[source.name] for source in delivery.sources]
    longest = max(found, key=len)
    for source, dimensions in zip(delivery.sources, found):
        if longest[: len(dimensions)] != dimensions:
            raise bad_request(f"{source.name} can't be merged into the input of {name}: its source is another split")
    return longest


def _behind(node: Node, inner: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
    """Returns the dimensions within which the output of an object is."""
    if node.operator == SPLIT:
        return (*inner, Dimension(node.name, True))
    if node.operator == JOIN:
        while inner:
            last, inner = inner[-1], inner[:-1]
            if last.split:
                break
    return inner
