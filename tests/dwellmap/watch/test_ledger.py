"""The ledger: each content once, whatever happens to its files; whole after any end."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dwellmap.watch.ledger import GONE, NOT_AGAIN, Ledger, LedgerError
from dwellmap.watch.status import retry

STAMP = (10, 1, 1)


def test_a_content_is_entered_once(ledger):
    first, fresh = ledger.take(Path("a.mp4"), STAMP, "aa", "cam")
    again, anew = ledger.take(Path("b.mp4"), STAMP, "aa", "other")
    assert (fresh, anew) == (True, False)
    assert again == first
    assert [str(file.path) for file in ledger.files("aa")] == ["a.mp4", "b.mp4"]


def test_a_failed_attempt_is_followed_by_one_more(ledger):
    ledger.take(Path("a.mp4"), STAMP, "aa", "cam")
    for state in ("waiting", "failed"):
        assert ledger.begin("aa", 7, "a.mp4", "cam")
        assert not ledger.begin("aa", 8, "a.mp4", "cam")
        ledger.fail("aa", "because", "last words", 2)
        entry = ledger.entry("aa")
        assert (entry.state, entry.reason, entry.log, entry.pid) == (state, "because", "last words", None)
    assert ledger.retry(["aa", "bb"]) == {"aa"}
    assert (ledger.entry("aa").state, ledger.entry("aa").attempts) == ("waiting", 0)


def test_who_failed_waits_behind_the_others(ledger):
    ledger.take(Path("a.mp4"), STAMP, "aa", "cam")
    ledger.take(Path("b.mp4"), STAMP, "bb", "cam")
    ledger.begin("aa", 7, "a.mp4", "cam")
    ledger.fail("aa", "because", "", 2)
    assert ledger.first_waiting().content == "bb"


def test_what_is_replaced_is_forgotten_unless_it_was_done(ledger):
    ledger.take(Path("a.mp4"), STAMP, "aa", "cam", "half of it")
    ledger.take(Path("a.mp4"), (20, 2, 1), "bb", "cam")
    assert ledger.entry("aa") is None
    ledger.begin("bb", 7, "a.mp4", "cam")
    ledger.finish("bb", "cam/a-12345678", "")
    ledger.take(Path("a.mp4"), (30, 3, 1), "cc", "cam")
    assert ledger.entry("bb").state == "done"


def test_what_is_replaced_while_it_runs_is_forgotten_too(ledger):
    ledger.take(Path("a.mp4"), STAMP, "aa", "cam")
    ledger.begin("aa", 7, "a.mp4", "cam")
    ledger.take(Path("a.mp4"), (20, 2, 1), "bb", "cam")
    ledger.put_back("aa", interrupted=False)
    ledger.forget_file(Path("a.mp4"), "aa")
    assert [(entry.content, entry.state) for entry in ledger.entries()] == [("bb", "waiting")]
    assert [file.gone for file in ledger.files()] == [False]


def test_what_went_away_is_taken_again_when_it_comes_back(ledger):
    ledger.take(Path("a.mp4"), STAMP, "aa", "cam")
    ledger.forget_file(Path("a.mp4"), "aa")
    assert (ledger.entry("aa").state, ledger.entry("aa").reason) == ("failed", GONE)
    ledger.take(Path("b.mp4"), STAMP, "aa", "cam")
    assert ledger.entry("aa").state == "waiting"


@pytest.mark.parametrize("how", ["looked for", "its turn"])
def test_what_was_done_and_cannot_be_done_again_is_done_still(ledger, how):
    ledger.take(Path("a.mp4"), STAMP, "aa", "cam")
    ledger.begin("aa", 7, "a.mp4", "cam")
    ledger.finish("aa", "cam/a-12345678", "")
    assert ledger.retry(["aa"]) == {"aa"}
    if how == "looked for":
        ledger.forget_file(Path("a.mp4"), "aa")
    else:
        ledger.lose("aa")
    entry = ledger.entry("aa")
    assert (entry.state, entry.run, entry.reason) == ("done", "cam/a-12345678", NOT_AGAIN)


def test_a_service_waits_for_others_no_longer_than_it_may_take_to_end(ledger):
    assert ledger._db.execute("PRAGMA busy_timeout").fetchone()[0] == 1000


def test_what_fitted_no_camera_waits_once_it_lies_where_one_fits(ledger):
    ledger.take(Path("x.mp4"), STAMP, "aa", "", "no camera fits")
    entry, again = ledger.take(Path("y.mp4"), STAMP, "aa", "", "no camera fits")
    assert (entry.state, again) == ("failed", True)
    entry, again = ledger.take(Path("front/x.mp4"), STAMP, "aa", "front")
    assert (entry.state, entry.camera, entry.name, entry.reason, again) == (
        "waiting", "front", "front/x.mp4", "", True,
    )  # fmt: skip
    for _ in range(2):
        ledger.begin("aa", 7, "front/x.mp4", "front")
        ledger.fail("aa", "no film", "", 2)
    entry, again = ledger.take(Path("back/x.mp4"), STAMP, "aa", "back")
    assert (entry.state, again) == ("failed", False)


def test_what_was_dropped_meanwhile_stays_dropped(ledger):
    ledger.take(Path("a.mp4"), STAMP, "aa", "cam")
    ledger.begin("aa", 7, "a.mp4", "cam")
    assert ledger.drop(["aa"]) == {"aa"}
    ledger.finish("aa", "cam/a-12345678", "")
    assert ledger.entry("aa").state == "dropped"


def test_interruptions_are_no_attempts_until_there_are_too_many(ledger):
    ledger.take(Path("a.mp4"), STAMP, "aa", "cam")
    for _ in range(3):
        ledger.begin("aa", 7, "a.mp4", "cam")
        assert [entry.pid for entry in ledger.interrupted(3)] == [7]
        assert (ledger.entry("aa").state, ledger.entry("aa").attempts) == ("waiting", 0)
    ledger.begin("aa", 7, "a.mp4", "cam")
    ledger.interrupted(3)
    assert ledger.entry("aa").state == "failed"
    assert "4 times" in ledger.entry("aa").reason


def test_texts_are_kept_whatever_bytes_they_quote(ledger):
    said = os.fsdecode(b"two\nlines \xff\x1b[2J")
    ledger.take(Path("a.mp4"), STAMP, "aa", "cam", said)
    ledger.take(Path("b.mp4"), STAMP, "bb", "cam")
    ledger.begin("bb", 7, "b.mp4", "cam")
    ledger.fail("bb", said, said, 1)
    ledger.take(Path("c.mp4"), STAMP, "cc", "cam")
    ledger.begin("cc", 7, "c.mp4", "cam")
    ledger.finish("cc", "cam/c-12345678", said)
    told = "two\nlines \\udcff\\x1b[2J"
    assert [entry.reason for entry in ledger.entries()] == [told] * 3
    assert ledger.entry("bb").log == told


def test_many_are_tried_again_in_one_go(tmp_path, monkeypatch):
    out = tmp_path / "out"
    (out / ".watch").mkdir(parents=True)
    ledger = Ledger(out / ".watch" / "ledger.sqlite", create=True)
    for number in range(50):
        ledger.take(Path(f"front/{number}.mp4"), STAMP, f"{number:064x}", "cam", "bad")
    ledger.close()
    asked = []
    monkeypatch.setattr(
        Ledger, "files", lambda self, *of, ask=Ledger.files: asked.append(of) or ask(self, *of)
    )
    names = ["49.mp4", "front/48.mp4", *(f"{number:064x}" for number in range(48))]
    assert len(retry(out, names)) == 50
    assert len(asked) == 1


def test_names_may_be_any_bytes(ledger):
    path = Path(os.fsdecode(b"cam/two\nlines \xff\xfe..mp4"))
    ledger.take(path, STAMP, "aa", "cam")
    assert [file.path for file in ledger.files()] == [path]


def test_another_file_is_no_ledger(tmp_path):
    (tmp_path / "x").write_bytes(b"no database" * 100)
    with pytest.raises(LedgerError, match="expected a ledger"):
        Ledger(tmp_path / "x")
    with pytest.raises(FileNotFoundError, match="--out"):
        Ledger(tmp_path / "none")


STEPS = {
    "take": lambda ledger, path, content: ledger.take(path, (1, int(content[1]), 1), content, "cam"),
    "begin": lambda ledger, path, content: ledger.begin(content, 5, str(path), "cam"),
    "finish": lambda ledger, path, content: ledger.finish(content, "run", ""),
    "fail": lambda ledger, path, content: ledger.fail(content, "because", "", 2),
    "lose": lambda ledger, path, content: ledger.lose(content),
    "put back": lambda ledger, path, content: ledger.put_back(content, interrupted=True),
    "drop": lambda ledger, path, content: ledger.drop([content]),
    "retry": lambda ledger, path, content: ledger.retry([content]),
    "forget": lambda ledger, path, content: ledger.forget_file(path, content),
}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 2), st.integers(0, 2)), max_size=25))
def test_whatever_comes_every_content_has_one_state_and_a_reason(steps):
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.sqlite", create=True)
        for what, name, number in steps:
            STEPS[what](ledger, Path(f"{name}.mp4"), f"c{number}")
        ledger.interrupted(100)
        entries = {entry.content: entry for entry in ledger.entries()}
        assert sum(ledger.counts().values()) == len(entries)
        assert ledger.counts()["running"] == 0
        for entry in entries.values():
            assert entry.pid is None
            assert entry.reason or entry.state in ("waiting", "done")
            assert entry.run or entry.state != "done"
        for file in ledger.files():
            assert file.gone or file.content in entries
        ledger.close()


def test_it_is_whole_after_any_end(tmp_path):
    """A process that writes as fast as it can is killed; what it had committed is there, and nothing half."""
    script = (
        "import sys; from pathlib import Path; from dwellmap.watch.ledger import Ledger\n"
        "ledger = Ledger(Path(sys.argv[1]), create=True); print('go', flush=True)\n"
        "for n in range(10**6):\n"
        "    ledger.take(Path(f'{n}.mp4'), (1, 1, n), str(n), 'cam')\n"
        "    ledger.begin(str(n), 1, f'{n}.mp4', 'cam'); ledger.finish(str(n), 'run', '')\n"
        "    print(n, flush=True)\n"
    )
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "ledger.sqlite")], stdout=subprocess.PIPE, text=True
        )
        said = [writer.stdout.readline() for _ in range(20)]
        writer.send_signal(signal.SIGKILL)
        rest = writer.communicate()[0].split()
        ledger = Ledger(tmp_path / "ledger.sqlite")
        last = int((rest or said)[-1])
        done = {entry.content for entry in ledger.entries("done")}
        assert {str(n) for n in range(last + 1)} <= done
        assert len(ledger.files()) == len(ledger.entries())
        ledger.close()
