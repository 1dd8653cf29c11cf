"""
What the service says, as models: what is taken, by which names, what is refused.
"""

import pytest

from connector_async._codec import from_plain, to_plain
from connector_async.errors import DecodeError
from connector_async.models import (
    ENTITY_CLASSES,
    Activity,
    Attachment,
    AttachmentData,
    BatchFailedEntriesResponse,
    BatchFailedEntry,
    BatchOperationResponse,
    BatchOperationState,
    ChannelAccount,
    Claim,
    ConversationsResult,
    Entity,
    Error,
    ErrorResponse,
    GeoCoordinates,
    Mention,
    NotificationInfo,
    OnBehalfOf,
    PagedMembersResult,
    RecipientFailureInfo,
    ResourceResponse,
    SemanticAction,
    StreamInfo,
)


@pytest.mark.parametrize(
    ("kind", "data", "reason", "place"),
    [
        (ResourceResponse, [], "expected an object, got array", "$"),
        (ResourceResponse, "42", "expected an object, got str", "$"),
        (list[ChannelAccount], {}, "expected an array, got object", "$"),
        (list[ChannelAccount], [{}, 7], "expected an object, got int", "$[1]"),
        (PagedMembersResult, {"members": "x"}, "expected an array, got str", "$.members"),
        (PagedMembersResult, {"members": {}}, "expected an array, got object", "$.members"),
        (
            PagedMembersResult,
            {"members": [{}, {}, {}, "x"]},
            "expected an object, got str",
            "$.members[3]",
        ),
        (
            PagedMembersResult,
            {"members": [{}, {}, {}, {"id": {}}]},
            "expected text, got object",
            "$.members[3].id",
        ),
        (Activity, {"from": True}, "expected an object, got bool", "$.from"),
        (Activity, {"timestamp": []}, "expected a date, got array", "$.timestamp"),
        (
            Activity,
            {"historyDisclosed": []},
            "expected true or false, got array",
            "$.historyDisclosed",
        ),
        (Activity, {"listenFor": [["x"]]}, "expected text, got array", "$.listenFor[0]"),
        (
            Activity,
            {"entities": [{"type": "mention", "mentioned": {"name": []}}]},
            "expected text, got array",
            "$.entities[0].mentioned.name",
        ),
        (Entity, {"type": []}, "expected text, got array", "$.type"),
        (StreamInfo, {"streamSequence": {}}, "expected a number, got object", "$.streamSequence"),
        (Claim, {"@type": {}}, "expected text, got object", "$.@type"),
        (AttachmentData, {"originalBase64": []}, "expected base64, got array", "$.originalBase64"),
        (ChannelAccount, {"properties": 1.5}, "expected an object, got float", "$.properties"),
        (ChannelAccount, {"objectId": []}, "expected text, got array", "$.objectId"),
        (
            BatchOperationState,
            {"statusMap": {"not a name": []}},
            "expected a number, got array",
            '$.statusMap["not a name"]',
        ),
    ],
)
def test_tells_where_a_structure_misfits(kind, data, reason, place):
    """
    Another structure than expected is refused, with its exact place.
    """
    with pytest.raises(DecodeError) as caught:
        from_plain(kind, data)

    assert reason == caught.value.reason
    assert place == caught.value.place
    assert f"{reason} @ {place}" == str(caught.value)


@pytest.mark.parametrize("scalar", [5, 1.5, True, "", "text"])
@pytest.mark.parametrize(
    ("kind", "wire", "name"),
    [
        (ChannelAccount, "id", "id"),
        (StreamInfo, "streamSequence", "stream_sequence"),
        (NotificationInfo, "alert", "alert"),
        (GeoCoordinates, "latitude", "latitude"),
        (Activity, "timestamp", "timestamp"),
    ],
)
def test_keeps_scalars_of_another_type(kind, wire, name, scalar):
    """
    A scalar that is not of the expected type is kept, and sent back as it came.
    """
    value = from_plain(kind, {wire: scalar})

    assert scalar is getattr(value, name)
    assert {wire: scalar} == to_plain(value)


def test_leaves_nulls_out_of_lists():
    """
    A null in a list of models or texts is nothing.
    """
    activity = from_plain(
        Activity, {"attachments": [None, {"name": "a"}], "listenFor": [None, "b"]}
    )

    assert Activity(attachments=[Attachment(name="a")], listen_for=["b"]) == activity


@pytest.mark.parametrize("wire", [{}, {"attachments": None}, {"attachments": []}])
def test_absent_null_and_empty_lists_are_the_same(wire):
    """
    An absent list, null and an empty list are read as empty, and not sent.
    """
    activity = from_plain(Activity, wire)

    assert () == activity.attachments
    assert {} == to_plain(activity)


@pytest.mark.parametrize("nothing", [None, []])
def test_reads_an_empty_list(nothing):
    """
    No body is an empty list, where a list is expected.
    """
    assert [] == from_plain(list[ChannelAccount], nothing)


def test_reads_a_list_of_models():
    """
    The members operations answer with a bare array.
    """
    members = from_plain(list[ChannelAccount], [{"id": "a"}, {"id": "b"}])

    assert [ChannelAccount(id="a"), ChannelAccount(id="b")] == members


def test_reads_known_entities_as_their_classes():
    """
    Each entity is of the class that belongs to its type.
    """
    wire = {"entities": [{"type": name} for name in ENTITY_CLASSES]}

    assert list(ENTITY_CLASSES.values()) == [type(it) for it in from_plain(Activity, wire).entities]


@pytest.mark.parametrize("wire", [{"type": "new", "a": 1}, {"type": 7}, {"a": 1}, {}])
def test_keeps_unknown_entities(wire):
    """
    An entity of an unknown type, or of none, is kept as it came.
    """
    (entity,) = from_plain(Activity, {"entities": [wire]}).entities

    assert Entity is type(entity)
    assert wire == to_plain(entity)


def test_reads_the_entities_of_a_semantic_action():
    """
    Objects with a type are entities; the map of instances and the rest stay raw.
    """
    wire = {
        "who": {"type": "mention", "text": "x"},
        "$instance": {"who": [{"startIndex": 1}], "type": ["x"]},
        "odd": ["x"],
        "none": None,
    }

    action = from_plain(SemanticAction, {"entities": wire})

    assert {
        "who": Mention(text="x"),
        "$instance": {"who": [{"startIndex": 1}], "type": ["x"]},
        "odd": ["x"],
        "none": None,
    } == action.entities
    assert {"entities": wire} == to_plain(action)


def test_does_not_look_into_raw_json():
    """
    What is raw JSON comes back with its nulls and empty lists.
    """
    raw = {"a": None, "b": [], "c": [None], "d": "2016-10-19T20:17:52.2891902Z"}
    wire = {"channelData": raw, "value": raw, "attachments": [{"content": raw}]}

    assert wire == to_plain(from_plain(Activity, wire))
    assert raw == from_plain(Activity, wire).channel_data


@pytest.mark.parametrize("raw", [0, False, "", [], {}])
def test_keeps_raw_json_that_is_empty(raw):
    """
    Raw JSON is absent only where it is null.
    """
    assert {"channelData": raw} == to_plain(from_plain(Activity, {"channelData": raw}))


@pytest.mark.parametrize(
    ("wire", "aad_object_id", "extra"),
    [
        ({"aadObjectId": "a"}, "a", {}),
        ({"objectId": "a"}, "a", {}),
        ({"objectId": "a", "aadObjectId": "a"}, "a", {}),
        ({"objectId": "b", "aadObjectId": "a"}, "a", {"objectId": "b"}),
        ({"aadObjectId": None, "objectId": "b"}, "b", {}),
        ({"aadObjectId": "a", "objectId": None}, "a", {}),
        ({"objectId": None}, None, {}),
    ],
)
def test_reads_both_names_of_the_object_id(wire, aad_object_id, extra):
    """
    The Entra object id comes by two names; where they differ, neither is lost.
    """
    account = from_plain(ChannelAccount, wire)

    assert aad_object_id == account.aad_object_id
    assert extra == account.extra
    assert account == from_plain(ChannelAccount, to_plain(account))


@pytest.mark.parametrize("wire", ["errorCode", "errorcode", "ErrorCode"])
def test_reads_an_error_code_in_any_casing(wire):
    """
    Two SDKs write the error code of a failed notification in two ways.
    """
    info = from_plain(RecipientFailureInfo, {wire: "BadRequest"})

    assert RecipientFailureInfo(error_code="BadRequest") == info
    assert {"errorCode": "BadRequest"} == to_plain(info)


@pytest.mark.parametrize("wire", ["itemid", "itemId", "ItemID"])
def test_reads_an_item_id_in_any_casing(wire):
    """
    The item id of OnBehalfOf has a lower-case id on the wire.
    """
    on_behalf_of = from_plain(OnBehalfOf, {wire: 3})

    assert 3 == on_behalf_of.itemid
    assert {"itemid": 3} == to_plain(on_behalf_of)


@pytest.mark.parametrize(
    "wire", ["failedEntryResponses", "failedEntries", "failedEntriesResponses"]
)
@pytest.mark.parametrize("entry", ["entryId", "id"])
def test_reads_failed_entries_in_every_spelling(wire, entry):
    """
    A batch's failed entries come by three names, and their ids by two.
    """
    response = from_plain(BatchFailedEntriesResponse, {wire: [{entry: "29:a", "error": "no"}]})

    expected = BatchFailedEntry(entry_id="29:a", error="no")
    assert BatchFailedEntriesResponse(failed_entry_responses=[expected]) == response


def test_an_empty_list_contradicts_nothing():
    """
    Entries under one name are taken although the list under another is empty.
    """
    wire = {"failedEntryResponses": [], "failedEntries": [{"id": "29:a"}]}

    response = from_plain(BatchFailedEntriesResponse, wire)

    assert (BatchFailedEntry(entry_id="29:a"),) == response.failed_entry_responses
    assert {} == response.extra


def test_counts_a_batch_by_status():
    """
    The texts of the status map are numbers for who wants to compute.
    """
    state = from_plain(BatchOperationState, {"statusMap": {"201": 5, "404": 1, "other": 2}})

    assert {"201": 5, "404": 1, "other": 2} == state.status_map
    assert {201: 5, 404: 1} == state.status_counts
    assert {} == BatchOperationState().status_counts


@pytest.mark.parametrize("data", ["amer-1", {"operationId": "amer-1"}])
def test_reads_a_bare_operation_id(data):
    """
    Some hosts answer with the batch's id alone.
    """
    assert BatchOperationResponse(operation_id="amer-1") == from_plain(BatchOperationResponse, data)


def test_reads_a_bare_error():
    """
    An error that is a text is its code.
    """
    response = from_plain(ErrorResponse, {"error": "invalid_grant"})

    assert ErrorResponse(error=Error(code="invalid_grant")) == response


def test_names_are_compared_letter_for_letter():
    """
    Another casing is another name, where no trap is known.
    """
    activity = from_plain(Activity, {"Text": "x"})

    assert activity.text is None
    assert {"Text": "x"} == to_plain(activity)


def test_discards_the_caller_id():
    """
    The caller's id is never taken from the wire.
    """
    activity = from_plain(Activity, {"callerId": "urn:botframework:azure"})

    assert Activity() == activity


@pytest.mark.parametrize("activity", [Activity(caller_id="x"), Activity(extra={"callerId": "x"})])
def test_never_sends_the_caller_id(activity):
    """
    The caller's id is for local use.
    """
    assert {} == to_plain(activity)


def test_a_known_field_wins_over_extra():
    """
    What is in `extra` by the name of a field that is set is not sent.
    """
    activity = Activity(text="right", extra={"text": "wrong", "imdisplayname": "kept"})

    assert {"text": "right", "imdisplayname": "kept"} == to_plain(activity)


def test_reads_a_page_of_conversations():
    """
    Models in models in lists are read.
    """
    page = from_plain(
        ConversationsResult,
        {"continuationToken": "t", "conversations": [{"id": "c", "members": [{"id": "a"}]}]},
    )

    assert "t" == page.continuation_token
    assert ("c", (ChannelAccount(id="a"),)) == (
        page.conversations[0].id,
        page.conversations[0].members,
    )
