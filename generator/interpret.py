"""A document -> the intermediate form: operations, parameters, bodies and answers; what is not supported is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from generator.ir import Answer, Api, Area, Body, Example, Failure, Limits, Model, Operation, Route, Type, Value
from generator.load import write_pointer
from generator.names import (
    RESERVED_ARGUMENTS,
    RESERVED_METHODS,
    class_name,
    is_method_name,
    module_name,
    python_name,
)
from generator.node import Node
from generator.schemas import (
    check_example,
    check_sendable,
    is_reference,
    read_default,
    read_model,
    read_schema,
    read_value,
    sentence,
    sentences,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.load import Document

_METHODS = ("get", "put", "post", "patch", "delete")
_FILES = ("application/zip", "application/octet-stream")
_JSON = "application/json"
_FORM = "multipart/form-data"


def interpret(document: Document) -> Api:
    """Makes the intermediate form of a document.

    Raises:
        DescriptionError: Something in it is not supported, or contradicts itself.
    """
    return _Interpreter(Node(document, (), document.content)).read()


class _Interpreter:
    def __init__(self, root: Node) -> None:
        self.root = root
        self.models: dict[str, Model] = {}
        self.operations: dict[str, Operation] = {}
        self.routes: list[Route] = []
        self.places: dict[str, Node] = {}
        self.paths: dict[str, str] = {}
        self.tagged: dict[str, list[str]] = {}

    def read(self) -> Api:
        root = self.root
        root.only("openapi", "info", "servers", "security", "tags", "paths", "components")
        if not root["openapi"].text().startswith("3.1."):
            raise root["openapi"].error(f"version {root['openapi'].value} of OpenAPI", "write OpenAPI 3.1")
        root["info"].only("title", "version", "summary", "description", "license", "contact", "termsOfService")
        server = self.server()
        authorization = self.authorization()
        tags = self.tags()
        self.tagged = {tag: [] for tag in tags}
        root["components"].only("schemas", "parameters", "responses", "securitySchemes")
        for name, node in self.schemas().items():
            self.models[name] = read_model(name, node)
        self.check_modules()
        self.check_cycles()
        for path, item in root["paths"].items():
            self.path(path, item)
        # Last, so that what is wrong with the only use of a component is told in its own words.
        self.check_use()
        self.mark_models()
        self.find_examples()
        return Api(server, authorization, self.areas(tags), self.models, self.routes)

    # --- what holds for all operations ---

    def server(self) -> str:
        servers = list(self.root["servers"].elements())
        if len(servers) != 1:
            raise self.root["servers"].error(
                f"{len(servers)} servers where one is expected", "name one: the address that clients take by default"
            )
        servers[0].only("url", "description")
        if not re.fullmatch(r"https?://[^{}\s]+[^{}\s/]", servers[0]["url"].text()):
            raise servers[0]["url"].error(
                "no plain address", "write scheme, host and path, without variables and final slash"
            )
        return servers[0]["url"].text()

    def authorization(self) -> str:
        needs = list(self.root["security"].elements())
        if len(needs) != 1 or list(needs[0].mapping().values()) != [[]]:
            raise self.root["security"].error("not one security scheme", "name one, such as `- ApiToken: []`")
        [name] = needs[0].mapping()
        scheme = self.root["components"]["securitySchemes"][name]
        scheme.only("type", "in", "name", "description")
        if [scheme[key].value for key in ("type", "in", "name")] != ["apiKey", "header", "Authorization"]:
            raise scheme.error(
                "not supported: clients send an API key", "write type apiKey, in header, name Authorization"
            )
        return sentence(scheme)

    def tags(self) -> dict[str, Node]:
        tags: dict[str, Node] = {}
        for node in self.root["tags"].elements():
            node.only("name", "description")
            name = class_name(node["name"].text())
            if name is None or name in self.schemas() or module_name(name) == "core_api" or name == "Api":
                raise node["name"].error(f"no class can be named after {node['name'].text()!r}", "choose another name")
            if name in tags:
                raise node["name"].error(f"two tags become the class {name}", "choose another name")
            tags[name] = node
        return tags

    def areas(self, tags: dict[str, Node]) -> list[Area]:
        areas = []
        for name, node in tags.items():
            if not self.tagged[name]:
                raise node.error("no operation has this tag", "use it, or leave it out")
            # In the order of the alphabet, in which people look for a method.
            found = [self.operations[key] for key in sorted(self.tagged[name])]
            areas.append(Area(name, sentence(node), found))
        return areas

    def check_use(self) -> None:
        """Refuses components that nothing refers to: what is wrong with them would never be seen."""
        used = set(_references(self.root.value))
        for section in ("schemas", "parameters", "responses"):
            for name, node in self.root["components"][section].items() if section in self.root["components"] else ():
                if f"#{write_pointer(node.pointer)}" not in used:
                    raise node.error(f"nothing refers to {name}", "use it, or leave it out")

    # --- models ---

    def schemas(self) -> dict[str, Node]:
        """The schemas that become models."""
        schemas = self.root["components"]["schemas"]
        return {name: node for name, node in schemas.items() if not node.truth("x-internal")}

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
                    f"models that hold each other: {' -> '.join((*path[path.index(name) :], name))}",
                    "break the circle with a free object (additionalProperties: true)",
                )
            if name not in done:
                for inner in self.models[name].models:
                    visit(inner, (*path, name))
                done.add(name)

        for name in self.models:
            visit(name, ())

    def mark_models(self) -> None:
        """Which models are sent, which only come back, and where each is used."""
        for operation in sorted(self.operations.values(), key=lambda one: one.id):
            if operation.data and operation.data.type:
                for name in operation.data.type.models:
                    self.models[name].sent_by.append(operation.id)
            if operation.answer.type:
                for name in operation.answer.type.models:
                    self.models[name].returned_by.append(operation.id)
        sent: list[str] = [name for name, model in self.models.items() if model.sent_by]
        for name in sent:
            sent += [inner for inner in self.models[name].models if inner not in sent]
        for name, model in self.models.items():
            for inner in model.models:
                self.models[inner].part_of.append(name)
            model.is_request = name in sent
        for name, node in self.schemas().items():
            if self.models[name].is_request:
                check_sendable(node, self.models[name])

    def find_examples(self) -> None:
        """Gives each model the example with the most fields that occurs anywhere."""
        for operation in self.operations.values():
            if operation.data and operation.data.type:
                self.take_examples(operation.data.type, operation.data.examples)
        for operation in self.operations.values():
            if operation.answer.type:
                self.take_examples(operation.answer.type, operation.answer.examples)
        for name, node in self.schemas().items():
            if not self.models[name].example:
                raise node.error("no example of an operation shows this model", "add one with at least one field of it")

    def take_examples(self, kind: Type, examples: list[Example]) -> None:
        for example in examples:
            for model, value in _instances(kind, example.value, self.models):
                if len(value) > len(model.example):
                    model.example = value

    # --- operations ---

    def path(self, path: str, item: Node) -> None:
        if not path.startswith("/") or path.endswith("/") or "?" in path:
            raise item.error(f"{path!r} is no path", "begin with a slash, and end without one")
        other = self.paths.setdefault(re.sub(r"\{[^{}]*\}", "{}", path), path)
        if other != path:
            raise item.error(f"{path} can't be told from {other}", "rename the parameters of one as those of the other")
        for method, node in item.items():
            if method not in _METHODS:
                advice = (
                    "write it at each operation" if method == "parameters" else f"known here: {', '.join(_METHODS)}"
                )
                raise node.error(f"`{method}` of a path is not supported", advice)
            operation = self.operation(path, method, node)
            self.operations[operation.id] = operation
            self.places[operation.id] = node
            self.routes.append(Route(operation.method, path, operation.id, operation.answer.status))

    def operation(self, path: str, method: str, node: Node) -> Operation:
        node.only(
            "operationId", "summary", "description", "tags", "parameters", "requestBody", "responses", "deprecated"
        )
        name = node["operationId"].text()
        if not is_method_name(name):
            raise node["operationId"].error(f"no method can be named {name}", "choose a name in small_letters")
        if name in RESERVED_METHODS or name.endswith("_with_http_info"):
            raise node["operationId"].error(
                f"{name} is the name of a method that there is already", "choose another name"
            )
        if name in self.operations:
            raise node["operationId"].error(
                f"{name} is the name of another operation, at {self.places[name].place}", "choose another name"
            )
        self.tag(node, name)
        body = self.body(node["requestBody"].follow()) if "requestBody" in node else None
        parameters, query = self.parameters(path, node)
        arguments = [one.python for one in (*parameters, *query, *(body.form if body else ()))]
        for argument in arguments:
            if arguments.count(argument) > 1:
                raise node.error(f"two parameters would be named {argument} in Python", "rename one of them")
        answer, failures = self.answers(node["responses"])
        return Operation(
            name,
            method.upper(),
            path,
            sentence_without_stop(node["summary"]),
            sentences(node),
            node.truth("deprecated"),
            parameters,
            query,
            body,
            answer,
            failures,
        )

    def tag(self, node: Node, name: str) -> None:
        tags = list(node["tags"].elements())
        area = class_name(tags[0].text()) if len(tags) == 1 else None
        if area not in self.tagged:
            raise node["tags"].error(f"{node['tags'].value} is not one tag of the root", "name the one area of the API")
        self.tagged[area].append(name)

    def parameters(self, path: str, node: Node) -> tuple[list[Value], list[Value]]:
        found: dict[str, list[Value]] = {"path": [], "query": []}
        if "parameters" in node:
            for given in node["parameters"].elements():
                parameter = given.follow()
                place = parameter["in"].text()
                if place not in found:
                    raise parameter["in"].error(f"a parameter in the {place} is not supported", "use path or query")
                if place == "path" and found["query"]:
                    raise given.error("a parameter of the path after one of the query", "put those of the path first")
                found[place].append(self.parameter(parameter, place))
        named = [one.name for one in found["path"]]
        places = re.findall(r"\{([^{}]*)\}", path)
        for name in places:
            if named.count(name) != 1:
                raise node.error(f"{{{name}}} of the path is described {named.count(name)} times", "describe it once")
            if places.count(name) != 1:
                raise node.error(f"{{{name}}} stands {places.count(name)} times in the path", "rename one of them")
        for value, given in zip(found["path"], node["parameters"].elements() if named else ()):
            if value.name not in places:
                raise given.error(f"no {{{value.name}}} stands in the path {path}", "add it there, or leave it out")
        return found["path"], found["query"]

    def parameter(self, node: Node, place: str) -> Value:
        node.only("name", "in", "required", "description", "schema", "example", "deprecated")
        name, schema = node["name"].text(), node["schema"]
        python = python_name(name, RESERVED_ARGUMENTS)
        if python is None or (place == "path" and not re.fullmatch(r"\w+", name)):
            raise node["name"].error(f"no Python name can be made of {name!r}", "choose one of letters and underscores")
        if is_reference(schema):
            raise schema.error("a parameter that is a model", "use a plain type")
        kind, limits, nullable = read_schema(schema)
        required = node.truth("required")
        if place == "path" and (not required or kind.kind not in ("string", "integer")):
            raise node.error(
                "a parameter of the path that is optional, or neither a string nor an integer",
                "write `required: true` and a schema of type string or integer",
            )
        if place == "query":
            if required:
                raise node["required"].error(
                    "a parameter of the query that is required is not supported", "make it optional"
                )
            if kind.kind not in ("string", "integer", "boolean"):
                raise schema.error(
                    f"{kind.declared} in a query is not supported", "use a string, an integer or a boolean"
                )
            if replace(limits, enum=None, minimum=None, maximum=None) != Limits():
                raise schema.error("the client can't check lengths and patterns of a query", "leave them out")
        if nullable:
            raise schema["type"].error("null can't be sent outside of a body", "leave null out")
        example = self.example(node, schema)
        deprecated, default = node.truth("deprecated"), read_default(schema)
        return Value(name, python, sentence(node), kind, limits, required, False, deprecated, default, example)

    def example(self, node: Node, schema: Node) -> Any:
        """The example of a parameter, which the code in the docs uses."""
        if "example" not in node:
            raise node.error("no example", "add `example`, a value that the code in the docs may use")
        check_example(node["example"], schema)
        return node["example"].value

    def examples(self, media: Node) -> list[Example]:
        found = []
        for name, node in media["examples"].items():
            node.only("summary", "value")
            if "value" not in node:
                raise node.error("`value` is missing", "write the example itself")
            check_example(node["value"], media["schema"])
            found.append(Example(name, sentence_without_stop(node["summary"]), node.value["value"]))
        if not found:
            raise media["examples"].error("no example", "add one")
        return found

    # --- bodies ---

    def body(self, node: Node) -> Body:
        node.only("required", "description", "content")
        if not node.truth("required"):
            raise node.error("a body that may be left out is not supported", "write `required: true`")
        media_types = dict(node["content"].items())
        if len(media_types) != 1:
            raise node["content"].error(
                f"{len(media_types)} media types where one is expected", f"offer one: {_JSON} or {_FORM}"
            )
        [(media_type, media)] = media_types.items()
        if media_type == _JSON:
            media.only("schema", "examples")
            kind, _, nullable = read_schema(media["schema"])
            if kind.kind not in ("model", "object") or nullable:
                raise media["schema"].error(
                    "a JSON body must be an object",
                    "refer to a model, or allow any object (additionalProperties: true)",
                )
            return Body(sentence(node), self.examples(media), kind)
        if media_type == _FORM:
            media.only("schema", "examples", "encoding")
            for _, encoding in media["encoding"].items() if "encoding" in media else ():
                encoding.only("contentType")
            return self.form(node, media)
        raise media.error(f"a body of type {media_type} is not supported", f"use {_JSON} or {_FORM}")

    def form(self, node: Node, media: Node) -> Body:
        schema = media["schema"]
        if is_reference(schema) or schema["type"].value != "object":
            raise schema.error("a form must be an object that is written out", "write type object and properties")
        # Which fields go together: that is for the server to check, and for the description to say.
        schema.only("type", "description", "properties", "anyOf", "dependentRequired")
        for choice in schema["anyOf"].elements() if "anyOf" in schema else ():
            choice.only("required")
        if ("anyOf" in schema or "dependentRequired" in schema) and "description" not in schema:
            raise schema.error("it is not said in words which fields go together", "add a description")
        values = []
        for name, field in schema["properties"].items():
            python = python_name(name, RESERVED_ARGUMENTS)
            if python is None:
                raise field.error(f"no Python name can be made of {name!r}", "choose one of letters and underscores")
            value = read_value(field, name, required=False, python=python)
            if value.type.kind not in ("string", "file") or value.nullable:
                raise field.error(
                    f"{value.type.declared} in a form is not supported", "use a string, or a binary string"
                )
            values.append(value)
        note = sentence(schema) if "description" in schema else ""
        return Body(sentence(node), self.examples(media), None, tuple(values), note)

    # --- answers ---

    def answers(self, node: Node) -> tuple[Answer, list[Failure]]:
        successes: list[Answer] = []
        failures = []
        for key, given in node.items():
            if not re.fullmatch(r"[245][0-9][0-9]", key):
                raise given.error(
                    f"the status {key} is not supported", "write one status from 200 to 299 or from 400 to 599"
                )
            answer = given.follow()
            if key < "400":
                successes.append(self.success(int(key), answer))
                if successes[-1].type != successes[0].type:
                    raise given.error("two answers of success with different data", "let all of them answer the same")
            else:
                failures.append(self.failure(int(key), answer))
        if not successes:
            raise node.error("no answer of success", "add one with a status from 200 to 299")
        return successes[0], failures

    def success(self, status: int, node: Node) -> Answer:
        node.only("description", "headers", "content")
        headers = {}
        for name, header in node["headers"].items() if "headers" in node else ():
            headers[name] = self.header(header)
        media_types = dict(node["content"].items()) if "content" in node else {}
        if len(media_types) > 1:
            raise node["content"].error(
                f"{len(media_types)} media types where one is expected", f"offer one: {_JSON}, {' or '.join(_FILES)}"
            )
        kind, examples = None, []
        for media_type, media in media_types.items():
            media.only("schema", "examples")
            kind, limits, nullable = read_schema(media["schema"])
            supported = (_JSON,) if kind.kind != "file" else _FILES
            if media_type not in supported:
                raise media.error(
                    f"an answer of type {media_type} with {kind.declared} is not supported",
                    f"use {_JSON} with a model, or {' or '.join(_FILES)} with a binary string",
                )
            if nullable or limits != Limits() or kind.kind == "datetime":
                raise media["schema"].error(
                    "an answer that has limits, may be null, or is a date is not supported", "answer a model or a list"
                )
            examples = self.examples(media)
        if (status == 204) != (kind is None):
            raise node.error(f"status {status} {'with' if kind else 'without'} content", "204, and no other, is empty")
        return Answer(status, sentence(node), kind, examples, headers)

    def header(self, node: Node) -> str:
        node.only("description", "schema", "example")
        kind, _, _ = read_schema(node["schema"])
        if kind.kind not in ("string", "integer"):
            raise node["schema"].error(
                f"a header that is {kind.declared} is not supported", "use a string or an integer"
            )
        return sentence(node)

    def failure(self, status: int, node: Node) -> Failure:
        node.only("description", "headers", "content")
        for _, header in node["headers"].items() if "headers" in node else ():
            self.header(header)
        node["content"].only(_JSON)
        schema = node["content"][_JSON]["schema"]
        if not is_reference(schema) or not schema.target().truth("x-internal"):
            raise schema.error("an error of its own form", "refer to the schema of all errors, which is x-internal")
        return Failure(status, sentence(node))


def sentence_without_stop(node: Node) -> str:
    """A summary: one line, without a full stop."""
    text = node.text()
    if "\n" in text or text.endswith("."):
        raise node.error("a summary of several lines, or with a full stop", "write a few words in one line")
    return text


def _references(value: Any) -> Iterator[str]:
    """All references in a part of the document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _instances(kind: Type, value: Any, models: dict[str, Model]) -> Iterator[tuple[Model, dict[str, Any]]]:
    """The models in an example, each with its part of it."""
    if kind.item:
        for element in value:
            yield from _instances(kind.item, element, models)
    elif kind.model and isinstance(value, dict):
        model = models[kind.model]
        yield model, value
        for field in model.fields:
            if value.get(field.name) is not None:
                yield from _instances(field.type, value[field.name], models)
