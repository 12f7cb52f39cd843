"""A document -> the intermediate form of the API; rejects unsupported features."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from generator.ir_api import Api, Area, Operation, Route
from generator.load import METHODS, references, write_pointer
from generator.names import RESERVED_AREAS, class_name, is_class_name, is_lower_name
from generator.node import Node
from generator.operations import read_operation
from generator.schemas import check_example, read_model, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.ir import Model, Type
    from generator.ir_api import Example
    from generator.load import Document


def build_ir(document: Document) -> Api:
    """Builds the intermediate form of a document.

    Raises:
        DescriptionError: Something in it is not supported, or contradicts itself.
    """
    return _Builder(Node(document, (), document.content)).build()


class _Builder:
    def __init__(self, root: Node) -> None:
        self.root = root
        self.models: dict[str, Model] = {}
        self.operations: dict[str, Operation] = {}
        self.routes: list[Route] = []
        self.places: dict[str, Node] = {}
        self.paths: dict[str, str] = {}
        # The names of the classes and of the operations of each area.
        self.classes: dict[str, str] = {}
        self.tagged: dict[str, list[str]] = {}

    def build(self) -> Api:
        root = self.root
        root.allow("openapi", "info", "servers", "security", "tags", "paths", "components")
        if not root["openapi"].text().startswith("3.1."):
            raise root["openapi"].error(f"version {root['openapi'].value} of OpenAPI", "write OpenAPI 3.1")
        root["info"].allow("title", "version", "summary", "description", "license", "contact", "termsOfService")
        server = self.server()
        authorization = self.authorization()
        tags = self.tags()
        self.tagged = {tag: [] for tag in tags}
        root["components"].allow("schemas", "parameters", "responses", "securitySchemes")
        for name, node in self.schemas().items():
            self.models[name] = read_model(name, node)
        self.check_modules()
        self.check_cycles()
        for path, item in root["paths"].items():
            self.path(path, item)
        # Last, so that a mistake in the only use of a component is reported first.
        self.check_use()
        self.mark_models()
        self.find_examples()
        routes = sorted(self.routes, key=lambda route: route_key(route.path))
        return Api(server, authorization, self.areas(tags), self.models, routes)

    # --- what all operations share ----------------------------------------------------

    def server(self) -> str:
        servers = list(self.root["servers"].elements())
        if len(servers) != 1:
            raise self.root["servers"].error(
                f"{len(servers)} servers where one is expected", "name one: the default address of clients"
            )
        servers[0].allow("url", "description")
        if not re.fullmatch(r"https?://[^{}\s]+[^{}\s/]", servers[0]["url"].text()):
            raise servers[0]["url"].error(
                "not a plain address", "write scheme, host and path, without variables and without a final slash"
            )
        return servers[0]["url"].text()

    def authorization(self) -> str:
        needs = list(self.root["security"].elements())
        if len(needs) != 1 or list(needs[0].mapping().values()) != [[]]:
            raise self.root["security"].error("not one security scheme", "name one, such as `- ApiToken: []`")
        [name] = needs[0].mapping()
        scheme = self.root["components"]["securitySchemes"][name]
        scheme.allow("type", "in", "name", "description")
        if [scheme[key].value for key in ("type", "in", "name")] != ["apiKey", "header", "Authorization"]:
            raise scheme.error(
                "not supported: clients send an API key", "write type apiKey, in header, name Authorization"
            )
        return sentence(scheme)

    def tags(self) -> dict[str, Node]:
        """The tags of the root by name, each the name of an area."""
        tags: dict[str, Node] = {}
        for node in self.root["tags"].elements():
            node.allow("name", "description", "x-class")
            name = node["name"].text()
            made = node["x-class"].text() if "x-class" in node else class_name(name)
            if not is_lower_name(name) or not is_class_name(made) or {name, made} & RESERVED_AREAS:
                raise node["name"].error(
                    f"no class can be named after {name!r}", "choose a name in small_letters, or add `x-class`"
                )
            if made in self.classes.values() or name in tags:
                raise node["name"].error(f"two tags become the class {made}", "rename one of them, or add `x-class`")
            tags[name], self.classes[name] = node, made
        return tags

    def areas(self, tags: dict[str, Node]) -> list[Area]:
        areas = []
        for name, node in tags.items():
            if not self.tagged[name]:
                raise node.error("no operation has this tag", f"add paths/{name}.yaml, or leave the tag out")
            # Sorted by name, which is how people look for a method.
            found = [self.operations[key] for key in sorted(self.tagged[name])]
            areas.append(Area(self.classes[name], name, sentence(node), found))
        return areas

    def check_use(self) -> None:
        """Rejects components that nothing refers to: mistakes in them would never be
        noticed.

        A model of one generation may be kept for its name alone, when the other
        generation returns a model that replaces it.
        """
        used = {reference for _, reference in references(self.root.value)}
        for section in ("schemas", "parameters", "responses"):
            for name, node in self.root["components"].entries(section):
                if f"#{write_pointer(node.pointer)}" not in used and "x-generations" not in node:
                    raise node.error(f"nothing refers to {name}", "use it, or leave it out")

    # --- models -----------------------------------------------------------------------

    def schemas(self) -> dict[str, Node]:
        """The schemas that become models."""
        schemas = self.root["components"]["schemas"]
        return {name: node for name, node in schemas.items() if not node.flag("x-internal")}

    def check_modules(self) -> None:
        modules: dict[str, str] = {}
        for model in self.models.values():
            other = modules.setdefault(model.module, model.name)
            if other != model.name:
                raise self.schemas()[model.name].error(
                    f"{model.name} would be in the module {model.module}, as {other} is", "rename one of them"
                )

    def check_cycles(self) -> None:
        done: set[str] = set()

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in path:
                raise self.schemas()[name].error(
                    f"models that contain each other: {' -> '.join((*path[path.index(name) :], name))}",
                    "break the cycle with a free object (additionalProperties: true)",
                )
            if name not in done:
                for inner in self.models[name].models:
                    visit(inner, (*path, name))
                done.add(name)

        for name in self.models:
            visit(name, ())

    def mark_models(self) -> None:
        """Records which models are sent, which are returned, and where each is used."""
        for operation in sorted(self.operations.values(), key=lambda one: one.id):
            if operation.data and operation.data.type:
                for name in operation.data.type.models:
                    self.models[name].sent_by.append(operation.id)
            if operation.success.type:
                for name in operation.success.type.models:
                    self.models[name].returned_by.append(operation.id)
        sent: list[str] = [name for name, model in self.models.items() if model.sent_by]
        for name in sent:
            sent += [inner for inner in self.models[name].models if inner not in sent]
        for name, model in self.models.items():
            for inner in model.models:
                self.models[inner].part_of.append(name)
            model.is_request = name in sent

    def find_examples(self) -> None:
        """Gives each model the example with the most fields that occurs anywhere."""
        for operation in self.operations.values():
            if operation.data and operation.data.type:
                self.take_examples(operation.data.type, operation.data.examples)
        for operation in self.operations.values():
            if operation.success.type:
                self.take_examples(operation.success.type, operation.success.examples)
        for name, node in self.schemas().items():
            if not self.models[name].example and "example" in node:
                check_example(node["example"], node)
                self.models[name].example = node["example"].value
            if not self.models[name].example:
                raise node.error("no example of an operation shows this model", "add one with at least one field of it")

    def take_examples(self, kind: Type, examples: list[Example]) -> None:
        for example in examples:
            for model, value in _instances(kind, example.value, self.models):
                if len(value) > len(model.example):
                    model.example = value

    # --- operations -------------------------------------------------------------------

    def path(self, path: str, item: Node) -> None:
        if not path.startswith("/") or path.endswith("/") or "?" in path:
            raise item.error(f"{path!r} is not a path", "start with a slash, and end without one")
        other = self.paths.setdefault(re.sub(r"\{[^{}]*\}", "{}", path), path)
        if other != path:
            raise item.error(f"{path} matches the same requests as {other}", "use the same names for their parameters")
        for method, node in item.items():
            if method not in METHODS:
                advice = "write it at each operation" if method == "parameters" else f"known here: {', '.join(METHODS)}"
                raise node.error(f"`{method}` of a path is not supported", advice)
            operation = read_operation(path, method, node)
            if operation.id in self.operations:
                raise node["operationId"].error(
                    f"{operation.id} is the name of another operation, at {self.places[operation.id].place}",
                    "choose another name",
                )
            if operation.id in self.tagged:
                raise node["operationId"].error(
                    f"{operation.id} is the name of an area, which is an attribute of CoreApi", "choose another name"
                )
            self.operations[operation.id] = operation
            self.places[operation.id] = node
            self.add_to_area(operation.id, node["tags"], item)
            self.routes.append(Route(operation.method, path, operation.id, operation.success.status))

    def add_to_area(self, name: str, tags: Node, item: Node) -> None:
        [tag] = tags.elements()
        if tag.value not in self.tagged:
            raise item.error(
                f"the file's name, {tag.value}, is not a tag of the root", "add a tag of this name, or rename the file"
            )
        self.tagged[tag.value].append(name)


def route_key(path: str) -> list[tuple[bool, str]]:
    """The key that sorts paths so that literal segments come before parameters.

    So the first path that matches a request is the right one.
    """
    return [("{" in segment, "" if "{" in segment else segment) for segment in path.split("/")]


def _instances(kind: Type, value: Any, models: dict[str, Model]) -> Iterator[tuple[Model, dict[str, Any]]]:
    """The models in an example, each with its part of it."""
    if kind.item:
        elements = value if isinstance(value, list) else value.values() if kind.kind == "map" else [value]
        for element in elements:
            yield from _instances(kind.item, element, models)
    elif kind.model and isinstance(value, dict):
        model = models[kind.model]
        yield model, value
        for field in model.fields:
            if value.get(field.name) is not None:
                yield from _instances(field.type, value[field.name], models)
