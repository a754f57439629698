"""The ledger: one row per content, what became of it, and under which names it lies in the inbox."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from dwellmap.watch.entry import STATES, Entry, KnownFile, State
from dwellmap.watch.names import as_text, shown_lines

VERSION = 1
GONE = "the file went away before it was its turn; put it back and it is taken again"
UNREAD = "unread-"
"""Begins the key of what could not, or must not, be read."""
NOT_AGAIN = (
    "it could not be done again, the file is no longer in the inbox; what is here is the run from before"
)
_BUSY_S = 1.0
"""A service tries again by itself, and must end within seconds when it is told to."""
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recordings (
  content TEXT PRIMARY KEY, state TEXT NOT NULL, name TEXT NOT NULL, camera TEXT NOT NULL,
  size INTEGER NOT NULL, added REAL NOT NULL, started REAL, ended REAL,
  attempts INTEGER NOT NULL DEFAULT 0, interrupted INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '', log TEXT NOT NULL DEFAULT '', run TEXT, pid INTEGER
);
CREATE TABLE IF NOT EXISTS files (
  path BLOB PRIMARY KEY, content TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
  inode INTEGER NOT NULL, gone INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS files_by_content ON files (content);
CREATE INDEX IF NOT EXISTS recordings_by_state ON recordings (state, added);
"""
_COLUMNS = (
    "content, state, name, camera, size, added, started, ended, attempts, interrupted, reason, log, run, pid"
)


class LedgerError(ValueError):
    """The ledger is not one that this version can use."""


@contextmanager
def in_words(file: Path) -> Iterator[None]:
    """Faults of the database as faults that a person can put right.

    Raises:
        LedgerError: If it is damaged, or somebody holds it for too long.

    """
    try:
        yield
    except sqlite3.Error as error:
        raise LedgerError(
            f"{file}: cannot be used ({error}); if it stays so, restore it from a backup, or move it away "
            "with no service running: what lies in the inbox is then taken anew and finds its runs"
        ) from error


class Ledger:
    """The ledger of an output folder. Every change is one transaction, so it survives an end at any instant.

    No write-ahead log: output folders may lie on network shares, where that does not work.

    Args:
        file: The database; its folder must exist.
        create: Make one if there is none.
        busy_s: Seconds to wait for others that write.

    Raises:
        FileNotFoundError: If there is none and none is to be made.
        LedgerError: If the file is no ledger of this version.

    """

    def __init__(self, file: Path, create: bool = False, busy_s: float = _BUSY_S) -> None:
        if not create and not (file.is_file() and file.stat().st_size):
            raise FileNotFoundError(
                f"{file}: expected the ledger of `dwellmap watch`, there is none; name the output folder "
                "that it writes to with --out"
            )
        self.file = file
        self._db = sqlite3.connect(
            f"{file.absolute().as_uri()}?mode={'rwc' if create else 'rw'}",
            uri=True, timeout=busy_s, isolation_level=None,
        )  # fmt: skip
        self._db.row_factory = sqlite3.Row
        try:
            self._db.execute("PRAGMA synchronous = FULL")
            if create:
                # All in one: whoever looks meanwhile sees an empty file, or a ledger with its version.
                self._db.executescript(
                    f"BEGIN IMMEDIATE;{_TABLES}INSERT OR IGNORE INTO meta VALUES ('version', '{VERSION}'), "
                    f"('id', '{uuid4().hex}');COMMIT;"
                )
            found = self.note("version")
        except sqlite3.DatabaseError as error:
            self.close()
            if isinstance(error, sqlite3.OperationalError):
                raise
            raise LedgerError(f"{file}: expected a ledger of `dwellmap watch`, got {error}") from error
        if found != str(VERSION):
            self.close()
            raise LedgerError(f"{file}: expected a ledger of version {VERSION}, got {found}")
        stat = os.stat(file)
        self.identity = (stat.st_dev, stat.st_ino)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def note(self, key: str) -> str | None:
        """A remark kept with the ledger."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row["value"])

    def keep_note(self, key: str, value: str) -> None:
        """Keep a remark."""
        with self.change() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def entry(self, content: str) -> Entry | None:
        """One entry."""
        row = self._db.execute(f"SELECT {_COLUMNS} FROM recordings WHERE content = ?", (content,)).fetchone()
        return None if row is None else Entry(*row)

    def entries(self, state: State | None = None, latest: int | None = None) -> list[Entry]:
        """Entries in the order in which they came, of one state or all; only the `latest` if asked."""
        where = "" if state is None else "WHERE state = ?"
        limit = -1 if latest is None else latest
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM recordings {where} ORDER BY added DESC, rowid DESC LIMIT ?",
            (*([] if state is None else [state]), limit),
        )
        return [Entry(*row) for row in rows][::-1]

    def first_waiting(self) -> Entry | None:
        """Whose turn it is: who failed before comes last, else first come, first served."""
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM recordings WHERE state = 'waiting' "
            "ORDER BY attempts, added, rowid LIMIT 1"
        ).fetchone()
        return None if row is None else Entry(*row)

    def counts(self) -> Mapping[State, int]:
        """How many entries are in each state."""
        found = dict(self._db.execute("SELECT state, COUNT(*) FROM recordings GROUP BY state").fetchall())
        return {state: found.get(state, 0) for state in STATES}

    def waiting_bytes(self) -> int:
        """Size of all that waits, bytes."""
        query = "SELECT COALESCE(SUM(size), 0) FROM recordings WHERE state = 'waiting'"
        return int(self._db.execute(query).fetchone()[0])

    def pace(self, latest: int = 20) -> float | None:
        """Seconds of work per byte of the last runs, the median; None before the first one."""
        rows = self._db.execute(
            "SELECT (ended - started) / size FROM recordings WHERE state = 'done' AND size > 0 "
            "AND ended > started ORDER BY ended DESC LIMIT ?", (latest,)
        ).fetchall()  # fmt: skip
        return None if not rows else float(sorted(row[0] for row in rows)[len(rows) // 2])

    def files(self, content: str | None = None) -> list[KnownFile]:
        """Files of one content, or all."""
        where = "" if content is None else "WHERE content = ?"
        rows = self._db.execute(
            f"SELECT path, content, size, mtime_ns, inode, gone FROM files {where} ORDER BY path",
            () if content is None else (content,),
        )
        return [
            KnownFile(Path(os.fsdecode(row["path"])), row["content"],
                      (row["size"], row["mtime_ns"], row["inode"]), bool(row["gone"]))
            for row in rows
        ]  # fmt: skip

    def take(
        self, path: Path, stamp: tuple[int, int, int], content: str, camera: str, reason: str = ""
    ) -> tuple[Entry, bool]:
        """Enter a file whose content is known; one that has a `reason` fails for it.

        What was taken before is only pointed at, unless it had failed because it went away or fitted no
        camera: then this file counts. What this path held before, and is nowhere now, is forgotten unless it
        was done.

        Returns:
            The entry, and whether it was made or taken again.

        """
        key, now = os.fsencode(path), time.time()
        with self.change() as db:
            before = db.execute("SELECT content FROM files WHERE path = ?", (key,)).fetchone()
            db.execute(
                "INSERT INTO files VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (path) DO UPDATE SET content = "
                "excluded.content, size = excluded.size, mtime_ns = excluded.mtime_ns, "
                "inode = excluded.inode, gone = 0",
                (key, content, *stamp),
            )
            if before is not None and before["content"] != content:
                db.execute(
                    "DELETE FROM recordings WHERE content = ? AND state IN ('waiting', 'failed', 'dropped') "
                    "AND NOT EXISTS (SELECT 1 FROM files WHERE files.content = recordings.content)",
                    (before["content"],),
                )
            known = self.entry(content)
            state, ended = ("failed", now) if reason else ("waiting", None)
            if known is None:
                db.execute(
                    "INSERT INTO recordings (content, state, name, camera, size, added, ended, reason) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (content, state, as_text(path), camera, stamp[0], now, ended, shown_lines(reason)),
                )
            elif known.state == "failed" and (known.reason == GONE or known.is_homeless):
                db.execute(
                    "UPDATE recordings SET state = ?, name = ?, camera = ?, ended = ?, reason = ? "
                    "WHERE content = ?",
                    (state, as_text(path), camera, ended, shown_lines(reason), content),
                )
            else:
                return known, False
        made = self.entry(content)
        if made is None:
            raise LedgerError(f"{self.file}: an entry vanished while it was made")
        return made, True

    def begin(self, content: str, pid: int, name: str, camera: str) -> bool:
        """Note that a process works on it; False if it does not wait any more."""
        with self.change() as db:
            return (
                db.execute(
                    "UPDATE recordings SET state = 'running', pid = ?, started = ?, ended = NULL, name = ?, "
                    "camera = ? WHERE content = ? AND state = 'waiting'",
                    (pid, time.time(), name, camera, content),
                ).rowcount
                == 1
            )

    def finish(self, content: str, run: str, remarks: str) -> None:
        """Note that its run is on disk."""
        self._end(content, "state = 'done', run = ?, reason = ?, log = ''", (run, shown_lines(remarks)))

    def fail(self, content: str, reason: str, log: str, most_attempts: int) -> None:
        """Note a failed attempt: it waits for the next one, or is set aside after the last."""
        self._end(
            content,
            "attempts = attempts + 1, reason = ?, log = ?, "
            "state = CASE WHEN attempts + 1 >= ? THEN 'failed' ELSE 'waiting' END",
            (shown_lines(reason), shown_lines(log), most_attempts),
        )

    def lose(self, content: str) -> None:
        """Note that no file holds it any more: it has failed, or is done still if it was to be done again."""
        with self.change() as db:
            _lose(db, content)

    def put_back(self, content: str, interrupted: bool) -> None:
        """Let it wait again through no fault of its own."""
        self._end(content, "state = 'waiting', interrupted = interrupted + ?", (int(interrupted),))

    def interrupted(self, most: int) -> list[Entry]:
        """Put back what ran when the service ended, and fail what did so more than `most` times.

        Returns:
            Those entries as they were.

        """
        running = self.entries("running")
        with self.change() as db:
            db.execute(
                "UPDATE recordings SET interrupted = interrupted + 1, pid = NULL, ended = ?, "
                "reason = CASE WHEN interrupted + 1 > ? THEN 'the service ended while it worked on it, '"
                " || (interrupted + 1) || ' times' ELSE reason END, "
                "state = CASE WHEN interrupted + 1 > ? THEN 'failed' ELSE 'waiting' END "
                "WHERE state = 'running'",
                (time.time(), most, most),
            )
        return running

    def forget_file(self, path: Path, content: str) -> None:
        """Note that a file is not there any more; what waits and was replaced meanwhile is forgotten."""
        with self.change() as db:
            db.execute(
                "UPDATE files SET gone = 1 WHERE path = ? AND content = ?", (os.fsencode(path), content)
            )
            known = [bool(row["gone"]) for row in db.execute(
                "SELECT gone FROM files WHERE content = ?", (content,)
            )]  # fmt: skip
            if not known:
                db.execute("DELETE FROM recordings WHERE content = ? AND state = 'waiting'", (content,))
            elif all(known):
                _lose(db, content)

    def forget(self, content: str) -> None:
        """Forget an entry and its files, so that they are looked at anew."""
        with self.change() as db:
            db.execute("DELETE FROM recordings WHERE content = ?", (content,))
            db.execute("DELETE FROM files WHERE content = ?", (content,))

    def move_file(self, old: Path, new: Path) -> None:
        """Note that the service moved a file."""
        with self.change() as db:
            db.execute("DELETE FROM files WHERE path = ?", (os.fsencode(new),))
            db.execute("UPDATE files SET path = ? WHERE path = ?", (os.fsencode(new), os.fsencode(old)))

    def retry(self, contents: Iterable[str]) -> set[str]:
        """Let entries that have ended wait again, with all their attempts; returns which had ended."""
        query = (
            "UPDATE recordings SET state = 'waiting', attempts = 0, interrupted = 0, reason = '', "
            "log = '', ended = NULL WHERE content = ? AND state IN ('done', 'failed', 'dropped')"
        )
        with self.change() as db:
            return {one for one in contents if db.execute(query, (one,)).rowcount == 1}

    def drop(self, contents: Iterable[str]) -> set[str]:
        """Set entries aside; the service ends a process that works on one. Returns which were not done."""
        query = (
            "UPDATE recordings SET state = 'dropped', pid = NULL, ended = ?, reason = 'dropped by hand' "
            "WHERE content = ? AND state IN ('waiting', 'running', 'failed')"
        )
        now = time.time()
        with self.change() as db:
            return {one for one in contents if db.execute(query, (now, one)).rowcount == 1}

    def _end(self, content: str, what: str, values: tuple[object, ...]) -> None:
        """End an attempt, unless somebody dropped it meanwhile."""
        with self.change() as db:
            db.execute(
                f"UPDATE recordings SET pid = NULL, ended = ?, {what} "
                "WHERE content = ? AND state = 'running'",
                (time.time(), *values, content),
            )


def _lose(db: sqlite3.Connection, content: str) -> None:
    db.execute(
        "UPDATE recordings SET ended = ?, state = CASE WHEN run IS NULL THEN 'failed' ELSE 'done' END, "
        "reason = CASE WHEN run IS NULL THEN ? ELSE ? END WHERE content = ? AND state = 'waiting'",
        (time.time(), GONE, NOT_AGAIN, content),
    )
