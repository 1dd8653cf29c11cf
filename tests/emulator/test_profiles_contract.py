"""
What is answered conforms to the document of operations, to their published statuses, and to
the models.
"""

from pathlib import Path

import pytest
import yaml

from connector_async.emulator import OPERATIONS, PROFILES, SHAPES, EmulatorLimits
from connector_async.emulator._calls.message import Arrival
from connector_async.emulator._calls.routes import find_route
from connector_async.emulator._channel.shapes import shaped
from tests.emulator.channel import MESSAGE, a_channel

DOCUMENT = yaml.safe_load(
    (Path(__file__).parent.parent / "contract" / "openapi.yaml").read_text("utf-8")
)
METHODS = ("get", "put", "post", "delete", "patch")

POSTED = {200, 201, 202}
# As published for each operation; the document has the first of them only.
STATUSES = {
    **{operation: {200} for operation in OPERATIONS},
    "createConversation": POSTED,
    "sendToConversation": POSTED,
    "sendConversationHistory": POSTED,
    "replyToActivity": POSTED,
    "updateActivity": POSTED,
    "deleteActivity": {200, 202},
    "deleteConversationMember": {200, 204},
    "uploadAttachment": POSTED,
    "getAttachment": {200, 301, 302},
}

ACCOUNT = {
    "id": str,
    "name": str,
    "aadObjectId": str,
    "objectId": str,
    "givenName": str,
    "surname": str,
    "email": str,
    "userPrincipalName": str,
    "tenantId": str,
    "userRole": str,
}
RESOURCE = {"id": str}
ANSWERS = {
    "getConversations": {
        "continuationToken": str,
        "conversations": [{"id": str, "members": [ACCOUNT]}],
    },
    "createConversation": {"id": str, "activityId": str, "serviceUrl": str},
    "sendToConversation": RESOURCE,
    "sendConversationHistory": RESOURCE,
    "replyToActivity": RESOURCE,
    "updateActivity": RESOURCE,
    "deleteActivity": None,
    "getActivityMembers": [ACCOUNT],
    "getConversationMembers": [ACCOUNT],
    "getConversationPagedMembers": {"continuationToken": str, "members": [ACCOUNT]},
    "getConversationMember": ACCOUNT,
    "deleteConversationMember": None,
    "uploadAttachment": RESOURCE,
    "getAttachmentInfo": {
        "name": str,
        "type": str,
        "views": [{"viewId": str, "size": int}],
    },
    "getAttachment": bytes,
}

ERRORS = (
    {"error": {"code": str, "message": str}},
    {"message": str},
    {"statusCode": int, "message": str},
    {"errorCode": int, "message": str},
)


def fits(value, shape):
    """
    Whether a value has a shape: of an object, no more than the fields that are named.
    """
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(
            name in shape and fits(field, shape[name]) for name, field in value.items()
        )
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(item, shape[0]) for item in value)
    return type(value) is shape


def documented():
    """
    Each operation of the document: its method, its path, and what it says of an answer.
    """
    return {
        item[method]["operationId"]: (method.upper(), path, item[method]["responses"])
        for path, item in DOCUMENT["paths"].items()
        for method in METHODS
        if method in item
    }


def test_fits():
    """
    The measure is one: it finds fields too many, and values of another kind.
    """
    assert fits({"id": "1"}, RESOURCE)
    assert not fits({"id": 1}, RESOURCE)
    assert not fits({"id": "1", "more": "2"}, RESOURCE)
    assert not fits([{"id": "1"}], RESOURCE)
    assert not fits([{"id": True}], [{"id": int}])


def test_has_the_operations_of_the_document():
    """
    The fifteen are those of the document.
    """
    assert sorted(documented()) == sorted(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_is_where_the_document_says(operation):
    """
    An operation is found at the document's path, by the document's names.
    """
    method, path, _ = documented()[operation]
    route = find_route(
        Arrival(
            method=method,
            base_url="https://smba.example.net",
            raw_path=f"/teams{path.format_map(Letters())}".encode(),
            query_string=b"",
            headers={},
            body=b"",
        )
    )

    assert operation == route.operation
    assert path == path.format_map({name: f"{{{name}}}" for name in route.ids})


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("profile", PROFILES)
async def test_answers_conform(profile, operation):
    """
    An answer has a published status and, if it has a body, the published one; or is an error.
    """
    async with a_channel(profile, service_url="https://smba.example.net/") as channel:
        response = await channel.ask(operation)

    if response.is_error:
        assert operation in PROFILES[profile].refused
        assert any(fits(response.json(), shape) for shape in ERRORS)
        return
    assert response.status_code in STATUSES[operation]
    shape = ANSWERS[operation]
    if shape is None:
        assert b"" == response.content
    elif shape is bytes:
        assert (b"picture", "image/png") == (response.content, response.headers["content-type"])
    else:
        assert "application/json; charset=utf-8" == response.headers["content-type"]
        assert fits(response.json(), shape)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_answers_conform_to_the_document(operation):
    """
    A channel that has all fifteen answers what the document says, as an object or a list.
    """
    _, _, responses = documented()[operation]
    async with a_channel("generic") as channel:
        response = await channel.ask(operation)

    content = responses["200"].get("content", {})
    schema = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    kind = {"GenericObject": dict, "GenericList": list}.get(schema.rpartition("/")[2])
    assert kind is None or isinstance(response.json(), kind)
    assert "application/octet-stream" not in content or b"picture" == response.content


@pytest.mark.parametrize("profile", PROFILES)
async def test_errors_conform(profile):
    """
    Every refusal has a body of a known shape.
    """
    async with a_channel(profile, limits=EmulatorLimits(send=((1, 3600),))) as channel:
        unknown = [
            await channel.ask("replyToActivity", a="nothing"),
            await channel.ask("sendToConversation", c="nothing"),
            await channel.ask("getConversationMember", m="nothing"),
            await channel.ask("getAttachmentInfo", x="nothing"),
            await channel.ask("getAttachment", x="nothing"),
            await channel.ask("sendToConversation", {"type": "message"}),
            await channel.client.put("/v3/conversations"),
        ]
        channel.emulator.require_token = True
        unauthorized = await channel.send()

    for response in (*unknown, unauthorized):
        assert response.is_error
        assert any(fits(response.json(), shape) for shape in ERRORS)
    assert (401, "Bearer") == (
        unauthorized.status_code,
        unauthorized.headers["www-authenticate"],
    )


@pytest.mark.parametrize(
    ("shape", "content_type", "body"),
    [
        ("error", "application/json", b'{"error":{"code":"Odd","message":"Asked for: 403."}}'),
        (
            "inner",
            "application/json",
            (
                b'{"error":{"code":"Odd","message":"Asked for: 403.","innerHttpError":'
                b'{"statusCode":403,"body":{"error":"Asked for: 403."}}}}'
            ),
        ),
        ("message", "application/json", b'{"message":"Asked for: 403."}'),
        (
            "method",
            "application/json",
            b'{"message":"The requested resource does not support http method \'GET\'."}',
        ),
        (
            "subCode",
            "application/json",
            (
                b'{"errorCode":209,"message":"{\\"subCode\\": \\"Odd\\", \\"details\\": '
                b'\\"Asked for: 403.\\", \\"errorCode\\": null, \\"errorSubCode\\": null}"}'
            ),
        ),
        (
            "oauth",
            "application/json",
            b'{"error":"Odd","error_description":"Asked for: 403."}',
        ),
        ("gateway", "application/json", b'{"statusCode":403,"message":"Asked for: 403."}'),
        ("html", "text/html", b"<h1>403 Forbidden</h1>"),
        ("text", "text/plain", b"Asked for: 403."),
        ("empty", None, b""),
        ("string", "application/json", b'"Asked for: 403."'),
    ],
)
async def test_shapes(shape, content_type, body):
    """
    Each shape in which errors occur can be asked for.
    """
    async with a_channel("teams") as channel:
        channel.emulator.fail_next("sendToConversation", status=403, shape=shape, code="Odd")
        response = await channel.ask("sendToConversation", MESSAGE)

    assert shape in SHAPES
    assert 403 == response.status_code
    assert response.headers.get("content-type", "None").startswith(str(content_type))
    assert body in response.content
    assert content_type == "text/html" or body == response.content


def test_there_are_no_other_shapes():
    """
    All shapes have a test above.
    """
    [marks] = test_shapes.pytestmark

    assert list(SHAPES) == [case[0] for case in marks.args[1]]


def test_knows_no_other_shape():
    """
    A shape that there is not is refused, and those that there are are named.
    """
    with pytest.raises(ValueError, match="'round'; there are error, inner, message"):
        shaped("round", 400, "", "")


def test_a_page_of_an_odd_status():
    """
    A page says a status of which nobody knows the words.
    """
    assert b"<h1>499 Error</h1>" in shaped("html", 499, "", "").body


class Letters(dict):
    """
    A letter for every name.
    """

    def __missing__(self, name):
        return "x"
