"""What is on the disk when a process is killed: whole lines hold, half ones are passed over, and what was under way may be paid."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lakehouse.errors import ServiceUnavailable
from lakehouse.ops import calls
from lakehouse.ops.call import Call
from lakehouse.teacher import folding, journal, segments

NOW = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)


def call(key: str = "k") -> Call:
    return Call(
        dataset="d",
        request_key=key,
        purpose="teach",
        document_id="1",
        content_digest="c",
        variant="first",
        endpoint="e",
        model="m",
        parameters="{}",
        prompt_digest="p",
        run_id="r",
        first_sent_at=NOW,
        sent_at=NOW,
    )


SENT = call().sending(70, "r", NOW)
ANSWERED = SENT.replied("answered", NOW, 20, answer="Ä text\nof two lines \x00\ufffd")


def test_a_journal_that_ends_anywhere_has_the_calls_of_its_whole_lines(tmp_path: Path) -> None:
    content = segments.line(SENT) + segments.line(call("l")) + segments.line(ANSWERED)
    ends = [at + 1 for at, byte in enumerate(content) if byte == ord("\n")]
    file = tmp_path / "00000001-x.jsonl"
    states = {0: {}, 1: {"k": "sent"}, 2: {"k": "sent", "l": "open"}, 3: {"k": "answered", "l": "open"}}
    for length in range(len(content) + 1):
        file.write_bytes(content[:length])
        found, damaged = segments.read([file])
        whole = sum(end <= length for end in ends)
        assert {key: one.state for key, one in found.items()} == states[whole]
        assert damaged == (length not in (0, *ends))
    assert segments.read([file])[0]["k"] == ANSWERED


def test_a_line_that_the_disk_has_changed_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "00000001-x.jsonl"
    lines = [segments.line(SENT), segments.line(ANSWERED), segments.line(call("l"))]
    file.write_bytes(lines[0] + lines[1].replace(b"answered", b"answerex") + b"\x00" * 50 + b"\n" + lines[2])
    found, damaged = segments.read([file])
    assert ({key: one.state for key, one in found.items()}, damaged) == ({"k": "sent", "l": "open"}, 2)


def left_by_a_killed_run(*files: list[Call]) -> Path:
    folder = folding.folder_of("d")
    folder.mkdir(parents=True, exist_ok=True)
    for lines in files:
        segments.following(folder).write_bytes(b"".join(map(segments.line, lines)))
    return folder


def states() -> dict[str, str]:
    return {line["request_key"]: line["state"] for line in calls.answers("d").to_pylist()}


def test_what_was_under_way_at_a_kill_counts_as_paid_and_is_sent_again(lakehouse_root: Path) -> None:
    folder = left_by_a_killed_run([SENT, call("l").sending(5, "r", NOW), replace(ANSWERED, request_key="a")])
    assert journal.standing("d", folder).spent == calls.Spent(3, 95, 75)
    with journal.opened("d", folder) as books:
        assert books.standing.final == {"a"} and books.standing.others.keys() == {"k", "l"}
        assert books.standing.spent == calls.Spent(3, 95, 75)
    lost = {line["request_key"]: line for line in calls.answers("d").to_pylist()}
    assert states() == {"a": "answered", "k": "open", "l": "open"}
    assert (lost["k"]["maybe_billed"], lost["k"]["cost_micros"], lost["k"]["reserved_micros"]) == (1, 70, 0)
    assert "its process ended" in lost["k"]["error"] and not segments.found(folder)


def test_a_kill_between_commit_and_removal_changes_nothing(lakehouse_root: Path) -> None:
    folder = left_by_a_killed_run([SENT, call("l").sending(5, "r", NOW)], [ANSWERED])
    files = {file: file.read_bytes() for file in segments.found(folder)}
    with journal.opened("d", folder):
        pass
    once = without_segments()
    # As if the files had been left, all of them or the newer ones alone.
    for left in (list(files), list(files)[1:]):
        for file in left:
            file.write_bytes(files[file])
        with journal.opened("d", folder) as books:
            assert books.standing.spent == calls.Spent(2, 25, 5)
        assert without_segments() == once


def without_segments() -> list[dict[str, Any]]:
    lines = sorted(calls.answers("d").to_pylist(), key=lambda line: str(line["request_key"]))
    return [{name: value for name, value in line.items() if name != "segment"} for line in lines]


def test_a_call_that_was_folded_while_under_way_counts_as_paid(lakehouse_root: Path) -> None:
    calls.fold("d", "s", [SENT, replace(ANSWERED, request_key="a")], [])
    assert calls.standing("d").spent == calls.Spent(2, 90, 70)
    with journal.opened("d", folding.folder_of("d")) as books:
        assert books.standing.others["k"].state == "open" and books.standing.spent == calls.Spent(2, 90, 70)
    assert states() == {"k": "open", "a": "answered"}
    assert calls.standing("d").spent == calls.Spent(2, 90, 70)


def test_datasets_do_not_touch_each_other(lakehouse_root: Path) -> None:
    calls.fold("d", "s", [ANSWERED], [])
    calls.fold("e", "s", [replace(SENT, dataset="e")], [])
    calls.fold("d", "t", [replace(ANSWERED, attempts=2)], ["k"])
    assert [line["attempts"] for line in calls.answers("d").to_pylist()] == [2]
    assert [line["state"] for line in calls.answers("e").to_pylist()] == ["sent"]


def test_lines_that_the_disk_does_not_take_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = segments.Writer(segments.following(tmp_path))
    writer.append([segments.line(SENT)])

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(ServiceUnavailable, match="No space left"):
        patch.setattr("os.fsync", full)
        writer.append([segments.line(ANSWERED)])
    writer.append([segments.line(call("l"))])
    writer.close()
    assert segments.read([writer.file]) == ({"k": SENT, "l": call("l")}, 0)


def test_what_is_noted_is_on_the_disk_before_what_is_written_later_and_outlives_a_full_disk(
    lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, full = segments.Writer.append, [True]

    def appending(writer: segments.Writer, lines: list[bytes]) -> None:
        if full[0]:
            raise ServiceUnavailable("no room")
        append(writer, lines)

    monkeypatch.setattr(segments.Writer, "append", appending)

    async def run(books: journal.Journal, folder: Path) -> None:
        books.note(ANSWERED)
        with pytest.raises(ServiceUnavailable):
            await books.write(replace(SENT, request_key="never sent"))
        with pytest.raises(ServiceUnavailable):
            await books.settle()
        full[0] = False
        await books.write(replace(SENT, request_key="l"))
        assert segments.read(segments.found(folder))[0].keys() == {"k", "l"}
        books.note(replace(ANSWERED, request_key="l"))
        await books.settle()
        assert segments.read(segments.found(folder))[0]["l"].state == "answered"

    folder = folding.folder_of("d")
    with journal.opened("d", folder) as books:
        asyncio.run(run(books, folder))
    assert states() == {"k": "answered", "l": "answered"}


@pytest.mark.parametrize(("prompt", "waits_in_the_loop"), [(60.0, [True, True, True]), (0.0, [True, False, False])])
def test_a_slow_disk_is_waited_for_beside_the_loop_and_loses_nothing(
    lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch, prompt: float, waits_in_the_loop: list[bool]
) -> None:
    append, in_the_loop = segments.Writer.append, []

    def appending(writer: segments.Writer, lines: list[bytes]) -> None:
        in_the_loop.append(threading.current_thread() is threading.main_thread())
        append(writer, lines)

    async def run(books: journal.Journal) -> None:
        for key in ("a", "b", "c"):
            await books.write(replace(ANSWERED, request_key=key))

    monkeypatch.setattr(journal, "PROMPT", prompt)
    with journal.opened("d", folding.folder_of("d")) as books:
        monkeypatch.setattr(segments.Writer, "append", appending)
        asyncio.run(run(books))
    assert in_the_loop == waits_in_the_loop
    assert states() == dict.fromkeys("abc", "answered")
