"""
The operations and servers as the API document has them: nothing more, nothing less.
"""

import inspect
import re
from pathlib import Path

import pytest
import yaml

from connector_async import ConnectorClient, ServiceUrl
from connector_async._operations import OPERATIONS

DOCUMENT = yaml.safe_load(Path(__file__).with_name("openapi.yaml").read_text("utf-8"))
METHODS = ("get", "put", "post", "delete", "patch", "options", "head", "trace")


def resolved(parameter):
    """
    A parameter, or what it refers to.
    """
    if "$ref" not in parameter:
        return parameter
    *_, section, kind, name = parameter["$ref"].split("/")
    return DOCUMENT[section][kind][name]


def documented():
    """
    What the document says of each operation, by operationId.
    """
    found = {}
    for path, item in DOCUMENT["paths"].items():
        for method in set(METHODS) & set(item):
            operation = item[method]
            parameters = list(
                map(resolved, [*item.get("parameters", ()), *operation.get("parameters", ())])
            )
            found[operation["operationId"]] = {
                "method": method.upper(),
                "path": path,
                "path parameters": [p["name"] for p in parameters if p["in"] == "path"],
                "query": [p["name"] for p in parameters if p["in"] == "query"],
                "body": operation.get("requestBody", {}).get("required", False),
            }
    return found


def named(operation_id):
    """
    An operationId in snake_case.
    """
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", operation_id)


def required(method):
    """
    The parameters of a coroutine that have to be given.
    """
    return [
        name
        for name, parameter in inspect.signature(method).parameters.items()
        if parameter.default is parameter.empty and name != "self"
    ]


EVERY_OPERATION = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.id)


def test_covers_the_document():
    """
    Each operation of the document has one row, and there is no other row.
    """
    rows = [row.id for row in OPERATIONS]

    assert 15 == len(rows)
    assert sorted(documented()) == sorted(rows)


@EVERY_OPERATION
def test_row(operation):
    """
    A row has the document's method, path, parameters and body.
    """
    row = {
        "method": operation.method,
        "path": operation.path,
        "path parameters": re.findall(r"\{(\w+)\}", operation.path),
        "query": list(operation.query),
        "body": operation.body is not None,
    }

    assert documented()[operation.id] == row


def test_one_coroutine_each():
    """
    The client's coroutines are the operations in snake_case, in the table's order.
    """
    coroutines = [
        name
        for name, member in vars(ConnectorClient).items()
        if inspect.iscoroutinefunction(member) and not name.startswith("_")
    ]

    assert [named(row.id) for row in OPERATIONS] == [
        name for name in coroutines if name != "aclose"
    ]


@EVERY_OPERATION
def test_takes_the_path_parameters(operation):
    """
    A coroutine takes the path parameters in order, then the body.
    """
    ids = [named(name) for name in documented()[operation.id]["path parameters"]]
    coroutine = getattr(ConnectorClient, named(operation.id))
    parameters = list(inspect.signature(coroutine).parameters)[1:]

    assert ids == parameters[: len(ids)]
    assert (1 if operation.body else 0) == len(set(required(coroutine)) - set(ids))
    assert parameters[: len(ids) + bool(operation.body)] == [
        name
        for name, parameter in inspect.signature(coroutine).parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and name != "self"
    ]


@EVERY_OPERATION
def test_takes_the_query_parameters(operation):
    """
    The query parameters are keywords that may be left out.
    """
    coroutine = getattr(ConnectorClient, named(operation.id))
    keywords = {
        name: parameter.default
        for name, parameter in inspect.signature(coroutine).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }

    assert {named(name): None for name in documented()[operation.id]["query"]} == keywords


@EVERY_OPERATION
def test_docstring_names_the_operation(operation):
    """
    A coroutine's docstring has the operationId, the method and the path.
    """
    text = " ".join(getattr(ConnectorClient, named(operation.id)).__doc__.split())

    assert f"`{operation.id}`: {operation.method} {operation.path}" in text


def test_has_both_servers():
    """
    Both servers of the document can be named, the channel with its default.
    """
    public, channel = DOCUMENT["servers"]
    default = channel["variables"]["channel"]["default"]

    assert ["channel"] == list(channel["variables"])
    assert "teams" == default
    assert public["url"] == ServiceUrl.public().url
    assert channel["url"].format(channel=default) == ServiceUrl.channel().url
    assert channel["url"].format(channel="emea") == ServiceUrl.channel("emea").url


async def test_begins_at_the_default_channel():
    """
    A client that is told no service URL is at the document's channel server.
    """
    assert f"<ConnectorClient {ServiceUrl.channel()} cloud=public>" == repr(ConnectorClient(None))


async def test_is_authenticated_as_documented(router, signed):
    """
    Every operation is secured by a bearer token.
    """
    (requirement,) = DOCUMENT["security"]
    (name,) = requirement
    scheme = DOCUMENT["components"]["securitySchemes"][name]
    route = router.route().respond(json={})

    await signed.get_conversations()

    assert ("http", "bearer") == (scheme["type"], scheme["scheme"])
    assert all(
        "security" not in item[method]
        for item in DOCUMENT["paths"].values()
        for method in set(METHODS) & set(item)
    )
    assert "Bearer abc" == route.calls.last.request.headers["authorization"]
