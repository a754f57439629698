"""Fetching a file over http(s), whole or not at all: the only place where Dwellmap goes to the network."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

_CHUNK_BYTES = 1 << 16
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Download:
    """A file that arrived.

    Attributes:
        path: Where it is.
        bytes: Its size.
        sha256: Hex digest of its content.

    """

    path: Path
    bytes: int
    sha256: str


def download(
    url: str,
    target: Path,
    most_bytes: int,
    begins_with: bytes = b"",
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> Download:
    """Fetch a file.

    Args:
        url: http or https; a redirection may lead to another server, but not from https to http.
        target: File to make or to replace; its folder is made if missing. It appears whole or not at all.
        most_bytes: Larger files are refused.
        begins_with: What the content has to begin with, so that a login page is not taken for the file.
        progress: Called with the bytes so far and, where the server says, the total.

    Raises:
        ValueError: If the address is not http(s), or what comes is too large or something else.
        ConnectionError: If it cannot be fetched.

    """
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise ValueError(f"expected an address with http:// or https://, got {url!r}")
    try:
        opener = urllib.request.build_opener(Redirects)
        with opener.open(url, timeout=_PATIENCE_S) as answer:
            target.parent.mkdir(parents=True, exist_ok=True)
            return _receive(answer, url, target, most_bytes, begins_with, progress)
    except urllib.error.HTTPError as error:
        raise ConnectionError(f"{url}: the server answered {error.code} {error.reason}") from error
    except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise ConnectionError(
            f"{url}: cannot be fetched ({reason}). Without a connection, fetch the file elsewhere and put it "
            f"at {target}, or name it with --weights"
        ) from error


def _receive(
    answer: Any,
    url: str,
    target: Path,
    most_bytes: int,
    begins_with: bytes,
    progress: Callable[[int, int | None], None],
) -> Download:
    stated = answer.headers.get("Content-Length", "")
    total = int(stated) if stated.isdigit() else None
    if total is not None and total > most_bytes:
        raise ValueError(f"{url}: expected at most {most_bytes} bytes, the server announces {total}")
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            done, digest = _copy(answer, file, url, most_bytes, begins_with, lambda n: progress(n, total))
        if total is not None and done != total:
            raise ConnectionError(f"the connection broke after {done} of {total} bytes")
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return Download(target, done, digest)


def _copy(
    answer: Any,
    file: IO[bytes],
    url: str,
    most_bytes: int,
    begins_with: bytes,
    progress: Callable[[int], None],
) -> tuple[int, str]:
    digest, done, head = hashlib.sha256(), 0, b""
    while chunk := answer.read(_CHUNK_BYTES):
        done += len(chunk)
        head = head or chunk[: len(begins_with)]
        if done > most_bytes:
            raise ValueError(f"{url}: expected at most {most_bytes} bytes, more came")
        digest.update(chunk)
        file.write(chunk)
        progress(done)
    if head != begins_with:
        raise ValueError(f"{url}: something else came than the file (it begins with {head!r})")
    return done, digest.hexdigest()


class Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirections to http(s) only (its parent sees to that), and never from https to http."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """The request to follow with."""
        if urlsplit(req.full_url).scheme == "https" and urlsplit(newurl).scheme != "https":
            raise urllib.error.URLError(f"it redirects to {newurl}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)
