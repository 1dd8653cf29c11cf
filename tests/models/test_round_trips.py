"""
What holds for every model, whatever it is.
"""

import copy
import inspect
import pickle
import types
import typing
from collections.abc import Mapping
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector_async import models
from connector_async._codec import dump, from_json, from_plain, load, to_json, to_plain
from connector_async.models import ENTITY_CLASSES, Entity, Model
from connector_async.models._model import wire_fields

EVERY_MODEL = [
    value
    for value in vars(models).values()
    if inspect.isclass(value) and issubclass(value, Model) and value is not Model
]

DATES = (
    "2016-10-19T20:17:52.2891902Z",
    "2017-02-01T21:10:07.437Z",
    "2016-09-23T13:07:49.4714686-07:00",
    "2019-01-01T10:00:00+00:00",
    "2007-04-05T14:30Z",
    "2018-04-25T11:14:15",
)


def on_the_wire(model):
    """
    The fields of a model that have a place on the wire, by name there.
    """
    return {wire: field for wire, field in wire_fields(model) if "local" not in field.metadata}


def first_arm(kind):
    """
    What a field is meant to hold: `X` of `X | None`.
    """
    union = typing.get_origin(kind) in {typing.Union, types.UnionType}
    return typing.get_args(kind)[0] if union else kind


def full(kind):
    """
    JSON in which every field of a model is set, and an unknown one at each level.
    """
    kind = first_arm(kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind in SAMPLES:
        return SAMPLES[kind]
    if origin is tuple:
        return [full(arguments[0])]
    if origin is Mapping:
        return {"key": full(arguments[1])}
    members = {wire: full(field.type) for wire, field in on_the_wire(kind).items()}
    return members | {"x-unknown": {"deep": [None, {"er": 1}]}}


SAMPLES = {
    str: "text",
    int: 7,
    float: 1.5,
    bool: True,
    bytes: "AAEC/w==",
    datetime: DATES[0],
    typing.Any: {"raw": [1, None, [], {"": ""}]},
}

SCALARS = st.one_of(
    st.booleans(),
    # Beyond 64 bits they are read as floats, as other JSON libraries do.
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
)
RAW = st.recursive(
    st.none() | SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)
UNKNOWN = st.dictionaries(st.text(max_size=6).map("x-".__add__), RAW, max_size=1)


def other_spellings(model):
    """
    The fields of a model that are known by other names, by two casings of those.
    """
    return {
        casing(alias): field
        for field in on_the_wire(model).values()
        for alias in field.metadata.get("aliases", ())
        for casing in (str.lower, str.upper)
    }


def null_or(strategy):
    return st.none() | strategy | strategy


@st.composite
def objects(draw, model):
    """
    JSON for a model: some of its fields, of the right structure, and unknown ones.
    """
    fields = other_spellings(model) | on_the_wire(model)
    names = draw(st.lists(st.sampled_from(sorted(fields)), unique=True, max_size=4))
    return {name: draw(null_or(wire_values(fields[name].type))) for name in names} | draw(UNKNOWN)


def entities():
    known = [objects(kind).map(typed(name)) for name, kind in ENTITY_CLASSES.items()]
    return st.one_of(objects(Entity), *known)


def typed(name):
    return lambda entity: entity | {"type": name}


WIRE_SCALARS = {
    typing.Any: RAW,
    datetime: st.sampled_from(DATES) | st.datetimes().map(datetime.isoformat) | SCALARS,
    bytes: st.sampled_from(["", "AAEC/w==", "QQ", "not base64"]) | SCALARS,
}


def wire_values(kind):
    """
    JSON for a field: of the right structure, its scalars of any type.
    """
    kind = first_arm(kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Entity:
        return entities()
    if origin is tuple:
        return st.lists(null_or(st.deferred(lambda: wire_values(arguments[0]))), max_size=2)
    if origin is Mapping:
        return st.dictionaries(st.text(max_size=4), wire_values(arguments[1]), max_size=2)
    if isinstance(kind, type) and issubclass(kind, Model):
        return st.deferred(lambda: objects(kind))
    return WIRE_SCALARS.get(kind, SCALARS)


@pytest.mark.parametrize("model", EVERY_MODEL)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_decoding_encoding_decoding_is_the_identity(model, data):
    """
    Whatever JSON of the right structure comes in, what was understood is not lost.
    """
    wire = data.draw(objects(model))

    decoded = from_plain(model, wire)
    encoded = load(dump(to_plain(decoded)))

    assert decoded == from_plain(model, encoded)
    assert dump(encoded) == dump(to_plain(from_plain(model, encoded)))


@pytest.mark.parametrize("model", EVERY_MODEL)
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_unknown_fields_survive(model, data):
    """
    Whatever is not known comes back as it came.
    """
    unknown = data.draw(UNKNOWN)

    assert unknown == to_plain(from_plain(model, unknown))


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_every_field_comes_back_letter_for_letter(model):
    """
    JSON with every field set, and unknown ones at each level, is encoded as it came.
    """
    assert full(model) == to_plain(from_plain(model, full(model)))


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_what_is_sent_is_what_is_plain(model):
    """
    The short way to the wire writes what the long way does.
    """
    value = from_plain(model, full(model))

    assert to_plain(value) == load(dump(value))


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_every_field_is_understood(model):
    """
    JSON with every field set leaves nothing but the unknown one in `extra`.
    """
    assert {"x-unknown"} == set(from_plain(model, full(model)).extra)


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_the_stored_form_gives_the_same_value(model):
    """
    A model that is written to be stored is read as it was.
    """
    value = from_plain(model, full(model))

    assert value == from_json(model, to_json(value))


@pytest.mark.parametrize("nothing", [None, {}])
@pytest.mark.parametrize("model", EVERY_MODEL)
def test_nothing_is_the_empty_model(model, nothing):
    """
    No body and an empty object are a model without anything, and nothing is sent.
    """
    empty = from_plain(model, nothing)

    assert {} == to_plain(empty)
    assert {} == empty.extra


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_null_is_the_same_as_absent(model):
    """
    A model whose fields are all null is the empty model.
    """
    assert from_plain(model, {}) == from_plain(model, dict.fromkeys(on_the_wire(model)))


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_nothing_is_needed_to_make_one(model):
    """
    No field is demanded: what is needed depends on the channel.
    """
    assert model() == from_plain(model, to_plain(model()))


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_models_are_values(model):
    """
    Equal models have equal hashes, whatever JSON they hold.
    """
    assert hash(from_plain(model, full(model))) == hash(from_plain(model, full(model)))


@pytest.mark.parametrize(
    "through", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))]
)
@pytest.mark.parametrize("model", EVERY_MODEL)
def test_copies_and_pickles_are_letter_exact(model, through):
    """
    A copy or an unpickled model is equal, and is encoded the same.
    """
    value = from_plain(model, full(model))

    assert value == through(value)
    assert full(model) == to_plain(through(value))
