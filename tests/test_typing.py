"""
What a type checker needs of the package, and that it is asked about all of it.

The checking itself is the checkers' business: `tests/typing/api.py`.
"""

import ast
import inspect
from pathlib import Path

import pytest

import connector_async
from connector_async import ConnectorClient

API = ast.parse((Path(__file__).parent / "typing" / "api.py").read_text("utf-8"))


def names_in(tree):
    """
    All names and attributes in a tree.
    """
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }


def test_says_that_it_is_typed():
    """
    The marker by which checkers know a typed package is there.
    """
    assert (Path(connector_async.__file__).parent / "py.typed").is_file()


def test_public_names():
    """
    All that is promised is there, and told in order.
    """
    names = connector_async.__all__

    assert sorted(set(names)) == sorted(names)
    assert [] == [name for name in names if not hasattr(connector_async, name)]


@pytest.mark.parametrize("name", connector_async.__all__)
def test_every_public_name_is_checked(name):
    """
    Each public name is used in what the checkers read.
    """
    assert name in names_in(API)


@pytest.mark.parametrize(
    "name", [name for name, _ in inspect.getmembers(ConnectorClient) if not name.startswith("_")]
)
def test_every_method_is_checked(name):
    """
    So is each method of the client.
    """
    assert name in names_in(API)


@pytest.mark.parametrize("name", connector_async.__all__)
def test_every_public_name_is_explained(name):
    """
    Each public name has a docstring.
    """
    assert inspect.getdoc(getattr(connector_async, name))
