"""
Files that are written for a caller: all of it or nothing, and never over another one's.
"""

import os

import pytest

from connector_async.cli._failure import InputError
from connector_async.cli._files import written


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def write_while_another_one_writes(target):
    with written(str(target), force=False) as file:
        file.write(b"ours")
        target.write_bytes(b"mine")


def test_appears_when_all_is_in_it(tmp_path):
    """
    Until the end there is no such file; then it is there as any new file would be.
    """
    target = tmp_path / "new"
    beside = tmp_path / "beside"
    beside.touch()

    with written(str(target), force=False) as file:
        file.write(b"content")
        early = target.exists()

    assert not early
    assert b"content" == target.read_bytes()
    assert beside.stat().st_mode == target.stat().st_mode
    assert {"new", "beside"} == names_in(tmp_path)


def test_spares_a_file_that_came_meanwhile(tmp_path):
    """
    A file that another one made in the meantime is not replaced.
    """
    target = tmp_path / "new"

    with pytest.raises(InputError, match="there already"):
        write_while_another_one_writes(target)

    assert b"mine" == target.read_bytes()
    assert {"new"} == names_in(tmp_path)


def test_follows_no_link_to_nowhere(tmp_path):
    """
    A link that leads nowhere is something that is there.
    """
    target = tmp_path / "new"
    target.symlink_to(tmp_path / "elsewhere")

    with (
        pytest.raises(InputError, match="there already"),
        written(str(target), force=False) as file,
    ):
        file.write(b"content")

    assert {"new"} == names_in(tmp_path)


@pytest.fixture
def without_links(monkeypatch):
    """
    A file system that has no links, as on many a stick.
    """

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("without_links")
def test_appears_without_links(tmp_path):
    """
    Where there are no links, a new file appears all the same.
    """
    target = tmp_path / "new"

    with written(str(target), force=False) as file:
        file.write(b"content")

    assert b"content" == target.read_bytes()
    assert {"new"} == names_in(tmp_path)


@pytest.mark.usefixtures("without_links")
def test_spares_a_file_without_links(tmp_path):
    """
    Nor is one replaced there that came meanwhile.
    """
    target = tmp_path / "new"

    with pytest.raises(InputError, match="there already"):
        write_while_another_one_writes(target)

    assert b"mine" == target.read_bytes()
    assert {"new"} == names_in(tmp_path)


@pytest.mark.parametrize("name", ["a\0b", "n" * 300])
def test_names_that_no_file_can_have(tmp_path, name):
    """
    A name that no file can have is told as such.
    """
    with (
        pytest.raises(InputError, match="cannot be written"),
        written(str(tmp_path / name), force=False) as file,
    ):
        file.write(b"content")

    assert set() == names_in(tmp_path)


def test_replaces_files_only(tmp_path):
    """
    A folder, or a device, is not replaced by force.
    """
    folder = tmp_path / "folder"
    folder.mkdir()

    with (
        pytest.raises(InputError, match="no file that could be replaced"),
        written(str(folder), force=True),
    ):
        pytest.fail("it is told before anything is fetched")

    assert folder.is_dir()
