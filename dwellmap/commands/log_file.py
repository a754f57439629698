"""The log of a program that runs for months."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

_LARGEST_LOG_BYTES, _OLD_LOGS = 2_000_000, 4


class LogFile:
    """A log, turned over before it grows large; a full disk does not stop whoever writes.

    Args:
        file: Its path.

    """

    def __init__(self, file: Path) -> None:
        self._handler: RotatingFileHandler | None = None
        self._file = file

    def write(self, text: str) -> None:
        """Write a line with the time."""
        if self._handler is None:
            try:
                self._handler = _Quiet(
                    self._file,
                    maxBytes=_LARGEST_LOG_BYTES,
                    backupCount=_OLD_LOGS,
                    encoding="utf-8",
                    delay=True,
                )
            except OSError:
                return
            self._handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        self._handler.handle(logging.makeLogRecord({"msg": text, "levelno": logging.INFO}))


class _Quiet(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (its name in logging)
        """Begin anew with the next line; this one is on the console."""
        del record
        self.close()
