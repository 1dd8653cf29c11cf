"""
The part of the record that is no longer in memory, and the one that outlives its process.
"""

import asyncio
import gc
import json
import shutil
import sqlite3
from urllib.parse import quote

import httpx
import pytest

from connector_async.emulator import (
    Arrival,
    Emulator,
    EmulatorClock,
    EmulatorLimits,
    Exchange,
    Record,
    RecordFileError,
)
from connector_async.testing import run_virtual

HOSTILE = ["19:a/b?c#d", "\ud800", "'; DROP TABLE exchange; --", "日本", "\x00"]


def emulator_of(record, **settings):
    settings = {"limits": EmulatorLimits.off(), **settings}
    return Emulator(record=record, **settings)


async def post(emulator, *texts, conversation_id="19:c"):
    if conversation_id not in [one.id for one in emulator.conversations()]:
        emulator.add_conversation(conversation_id)
    path = f"http://localhost/v3/conversations/{quote(conversation_id, safe='')}/activities"
    async with httpx.AsyncClient(transport=emulator.transport()) as client:
        for text in texts:
            message = json.dumps({"type": "message", "text": text})
            assert 201 == (await client.post(path, content=message)).status_code


def copied(path, folder):
    """
    A record's files as another process would find them, had the first one been killed.
    """
    folder.mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        shutil.copy(file, folder)
    return folder / path.name


def arrival(path, body=b""):
    return Arrival(
        method="GET",
        base_url="http://localhost",
        raw_path=path.encode(),
        query_string=b"",
        headers={},
        body=body,
    )


def facts(record):
    """
    All that a record can be asked.
    """
    return (
        record.received(),
        record.received("sendToConversation", "19:c"),
        record.committed(),
        record.committed("19:c"),
        record.committed(operation="getConversations"),
        record.refused(),
        record.texts(),
        record.doubled(),
        record.lost(["text 1", "never"]),
        record.over_limit(EmulatorLimits(send=((5, 1),))),
        record.timeline(),
        record.timeline("19:c"),
        record.timeline(since=1e12),
        record.exchanges(limit=10_000),
        record.exchanges(conversation_id="19:c", after=7, limit=9),
        record.exchanges(operation="getConversations"),
        record.exchange(1),
        record.exchange(690),
        record.exchange(10_000),
    )


async def happen(record):
    """
    A good many things, at a frozen time.
    """
    emulator = emulator_of(record, clock=EmulatorClock.from_functions(lambda: 5.0, lambda: 9.0))
    emulator.add_conversation("19:d")
    texts = [f"text {number % 600}" for number in range(700)]
    await post(emulator, *texts[:300])
    async with httpx.AsyncClient(transport=emulator.transport()) as client:
        await client.get("http://localhost/v3/nothing")
        await client.get("http://localhost/v3/conversations")
    emulator.drop_next("sendToConversation", conversation_id="19:d")
    with pytest.raises(httpx.ReadError):
        await post(emulator, "lost", conversation_id="19:d")
    await post(emulator, *texts[300:])
    return emulator


async def test_what_is_stored_is_told_as_what_is_not():
    """
    A record with next to nothing in memory says the same as one with all in memory.
    """
    small, large = Record(in_memory=0), Record(in_memory=10_000)
    await happen(small)
    await happen(large)

    assert facts(large) == facts(small)
    assert 100 == len(small.doubled())


def test_large_bodies_do_not_stay_in_memory():
    """
    What is kept in memory is bounded by its bytes as well.
    """
    record = Record()
    emulator = emulator_of(record)
    for _ in range(300):
        emulator.answer(arrival("/v3/nothing", b"x" * 250_000))
    gc.collect()

    assert 300 > sum(isinstance(held, Exchange) for held in gc.get_objects())
    assert 300 == len(record.exchanges(limit=1_000))


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_texts_are_stored(tmp_path, text):
    """
    Whatever JSON can carry comes back from the database as it was.
    """
    record = Record(db=tmp_path / "record.db", in_memory=0)
    emulator = emulator_of(record)
    await post(emulator, text)
    record.close()

    again = Record(db=tmp_path / "record.db")
    texts = again.texts()
    again.close()

    assert [text] == texts


async def test_survives_a_restart(tmp_path):
    """
    A record with a file goes on where it was; what was said in another run is not doubled.
    """
    path = tmp_path / "record.db"
    record = Record(db=path)
    await happen(record)
    before = facts(record)
    record.close()

    again = Record(db=path)
    after = facts(again)
    await post(emulator_of(again), "text 1")
    last = again.exchanges(after=703)
    again.close()

    assert before == after
    assert [(704, False)] == [(exchange.number, exchange.repeated) for exchange in last]


def test_is_written_without_being_closed(tmp_path):
    """
    What was recorded is in the file soon, whatever becomes of the process.
    """

    async def main():
        path = tmp_path / "record.db"
        record = Record(db=path)
        await post(emulator_of(record), "one", "two")
        await asyncio.sleep(0.3)
        again = Record(db=copied(path, tmp_path / "copy"))
        texts = again.texts()
        again.close()
        record.close()
        return texts

    assert ["one", "two"] == run_virtual(main())


def test_is_written_by_another_loop(tmp_path):
    """
    A loop that ended before the file was written does not keep the next one from writing.
    """
    path = tmp_path / "record.db"
    record = Record(db=path)
    emulator = emulator_of(record)

    async def late():
        await post(emulator, "two")
        await asyncio.sleep(0.3)
        again = Record(db=copied(path, tmp_path / "copy"))
        texts = again.texts()
        again.close()
        return texts

    run_virtual(post(emulator, "one"))
    texts = run_virtual(late())
    record.close()

    assert ["one", "two"] == texts


def test_is_written_at_once_outside_of_a_loop(tmp_path):
    """
    Where nothing could write it later, it is written now.
    """
    path = tmp_path / "record.db"
    record = Record(db=path)
    emulator = emulator_of(record)
    emulator.answer(arrival("/v3/conversations"))
    again = Record(db=copied(path, tmp_path / "copy"))
    received = again.received()
    again.close()
    record.close()

    assert ["getConversations"] == [seen.operation for seen in received]


async def test_finds_old_content_in_its_own_run(tmp_path):
    """
    What was posted long ago in the same run is doubled, though it lies in the file.
    """
    path = tmp_path / "record.db"
    Record(db=path).close()
    record = Record(db=path, in_memory=0)
    emulator = emulator_of(record)
    await post(emulator, "same", *map(str, range(600)), "same")
    doubled = [done.text for done in record.doubled()]
    record.close()

    assert ["same"] == doubled


async def test_windows_do_not_reach_over_a_restart(tmp_path):
    """
    The monotonic times of two processes are not compared.
    """
    path = tmp_path / "record.db"
    for _ in range(2):
        record = Record(db=path)
        clock = EmulatorClock.from_functions(lambda: 5.0)
        emulator = emulator_of(record, clock=clock)
        await post(emulator, "one", "two")
        violations = record.over_limit(EmulatorLimits(send=((2, 1),)))
        record.close()

    assert [] == violations


async def test_clears_the_file(tmp_path):
    """
    A record that was cleared is cleared in its file.
    """
    record = Record(db=tmp_path / "record.db", in_memory=0)
    emulator = emulator_of(record)
    await post(emulator, *map(str, range(600)))
    record.flush()
    record.clear()
    await post(emulator, "1")
    texts, doubled = record.texts(), record.doubled()
    record.close()

    assert (["1"], []) == (texts, doubled)


def test_refuses_another_version(tmp_path):
    """
    A database of another version is named, and left as it is.
    """
    path = tmp_path / "record.db"
    Record(db=path).close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 7")
    database.close()
    before = path.read_bytes()

    with pytest.raises(RecordFileError, match=r"record\.db: it is of version 7, .* version 1;"):
        Record(db=path)
    assert before == path.read_bytes()


def test_refuses_another_program_s_database(tmp_path):
    """
    A database of something else is left alone.
    """
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE mine (x)")
    database.close()

    with pytest.raises(RecordFileError, match="the database of another program"):
        Record(db=path)


def test_refuses_what_is_no_database(tmp_path):
    """
    A file that is no database is left as it is.
    """
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but rather long, so that it is looked at\n" * 20)

    with pytest.raises(RecordFileError, match=r"notes\.txt: file is not a database; name another"):
        Record(db=path)
    assert path.read_text().startswith("not a database")


def test_refuses_a_folder_that_is_not_there(tmp_path):
    """
    A file that cannot be made is named.
    """
    with pytest.raises(RecordFileError, match="unable to open"):
        Record(db=tmp_path / "nowhere" / "record.db")


def test_refuses_a_file_that_is_in_use(tmp_path):
    """
    Two emulators do not write into one file.
    """
    record = Record(db=tmp_path / "record.db")

    with pytest.raises(RecordFileError, match="another process is using it"):
        Record(db=tmp_path / "record.db")
    record.close()


async def test_old_activities_are_as_good_as_new_ones():
    """
    What a conversation holds is the same when most of it lies in a file.
    """
    emulator = emulator_of(Record())
    conversation_id = emulator.add_conversation()
    ids = [
        emulator.add_activity(conversation_id, {"type": "message", "text": str(number)})
        for number in range(22_500)
    ]
    path = f"http://localhost/v3/conversations/{conversation_id}/activities"
    emulator.profile = "generic"
    async with httpx.AsyncClient(transport=emulator.transport()) as client:
        updated = await client.put(f"{path}/{ids[0]}", json={"type": "message", "text": "new"})
        deleted = await client.delete(f"{path}/{ids[1]}")

    held = emulator.activities(conversation_id)

    assert (200, 200) == (updated.status_code, deleted.status_code)
    assert ["new", *map(str, range(2, 22_500))] == [one["text"] for one in held]
