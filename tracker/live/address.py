"""A camera's address: what it says, and what of it may be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, unquote, unquote_plus

Kind = Literal["rtsp", "http", "device"]

_SCHEMES: dict[str, Kind] = {"rtsp": "rtsp", "rtsps": "rtsp", "http": "http", "https": "http"}
_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_DEVICE = re.compile(r"/dev/[A-Za-z0-9._/-]+")
_HOST = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_.])?|\[[0-9A-Fa-f:.%]+\])")
# What cameras call their channels; a small number there is no secret, and tells one camera from another.
_HARMLESS = frozenset(
    {"camera", "cam", "ch", "channel", "channelno", "id", "input", "profile", "stream", "subtype", "track"}
)
_SMALL = re.compile(r"[0-9]{1,3}")
# Some recorders want user and password inside the path: /user=admin&password=abc&channel=1.
_SECRET_IN_PATH = re.compile(
    r"(?i)((?:user|usr|username|login|pass|passwd|password|pwd|token|auth|key|secret)[a-z]*[=:])"
    r"(?:(?!_channel=|_stream=)[^/&;])*"
)
_URL_CREDENTIALS = re.compile(r"(?i)([a-z][a-z0-9+.-]*://)[^\s'\"]*@")
_HIDDEN = "…"
EXAMPLES = "rtsp://user:password@192.168.1.20/stream, http://192.168.1.20/video.mjpg or /dev/video0"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a camera's stream is.

    Attributes:
        kind: How it is reached.
        opened: The address as FFmpeg wants it, credentials included: never show it.
        shown: The same for people: without credentials and tokens.
        host, port: Of the camera; empty and 0 for a device.
        has_user: Whether it names a user.
        secrets: Texts of it that must not be seen anywhere.

    """

    kind: Kind
    opened: str = field(repr=False)
    shown: str
    host: str
    port: int
    has_user: bool
    secrets: tuple[str, ...] = field(repr=False)

    def scrubbed(self, text: str) -> str:
        """A text of somebody else's without any of the secrets."""
        text = _URL_CREDENTIALS.sub(rf"\1{_HIDDEN}@", text.replace(self.opened, self.shown))
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        return text


def parse_address(address: str) -> Address:
    """Understand an address.

    Raises:
        ValueError: If it is none that can be opened; the message holds no credentials.

    """
    address = address.strip()
    if _DEVICE.fullmatch(address) and ".." not in address:
        return Address("device", address, address, "", 0, False, ())
    scheme, found, rest = address.partition("://")
    scheme = scheme.lower()
    if not found or scheme not in _SCHEMES:
        raise ValueError(
            f"{without_credentials(address)}: expected the address of a camera, such as {EXAMPLES}; "
            + (
                f"streams of {scheme}:// are not read"
                if found and scheme.isalnum()
                else "footage that is a file goes through `dwellmap run`"
            )
        )
    if any(ord(letter) < 33 or ord(letter) == 127 for letter in address):
        raise ValueError(
            f"{without_credentials(address)}: expected an address without spaces or line breaks; "
            "write a space in a password as %20"
        )
    place, path = _divided(rest)
    user, at, host_port = place.rpartition("@")
    host, port = _host_and_port(host_port, _PORTS[scheme], address)
    credentials = _quoted(user) + "@" if at else ""
    return Address(
        _SCHEMES[scheme],
        f"{scheme}://{credentials}{host_port}{path}",
        without_credentials(address),
        host.strip("[]"),
        port,
        bool(user),
        _secrets(user, rest),
    )


def without_credentials(address: str) -> str:
    """An address, or what was meant to be one, as it may be shown, logged and stored.

    User, password and everything else before the last @ are left out, and of the query all but small
    numbers in the words that cameras have for their channels. Never fails.
    """
    scheme, found, rest = address.strip().partition("://")
    if not found:
        # user:password@host without a scheme, too.
        return _without_path_secrets(_shown_query(_printable(address.strip().rpartition("@")[2])))
    rest = rest.rpartition("@")[2]
    return _without_path_secrets(_shown_query(_printable(f"{scheme.lower()}://{rest}")))


def camera_name(address: str) -> str:
    """A name for folders, made of what may be shown of an address: lower-case letters, digits, dots, hyphens.

    The same address gives the same name; two channels of a recorder give two.
    """
    shown = without_credentials(address).partition("://")[2] or without_credentials(address)
    words = re.sub(r"[^a-z0-9.]+", "-", shown.lower().replace("/dev/", ""))
    return re.sub(r"\.{2,}", ".", words).strip(".-")[:80].strip(".-") or "camera"


def _divided(rest: str) -> tuple[str, str]:
    """[user:password@]host[:port] and what follows; a password may hold / ? # if the host is plain to see."""
    end = re.search(r"[/?#]", rest)
    place = rest[: end.start()] if end else rest
    head, at, tail = rest.rpartition("@")
    if at and "@" not in place and ":" in head and not re.fullmatch(r"\d*", place.partition(":")[2]):
        # user:pa/ss@host: what stands before the first / is no host with a port.
        end = re.search(r"[/?#]", tail)
        length = len(head) + 1 + (end.start() if end else len(tail))
        return rest[:length], rest[length:]
    return place, rest[len(place) :]


def _host_and_port(text: str, usual: int, address: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":") if re.search(r":[^\]]*$", text) else (text, "", "")
    good = _HOST.fullmatch(host) and (
        not colon or (port.isascii() and port.isdigit() and 0 < int(port) < 65536)
    )
    if not good:
        raise ValueError(
            f"{without_credentials(address)}: expected a host name or an IP address, maybe with :port, "
            f"after the //, such as {EXAMPLES}; in user and password write "
            "@ as %40, / as %2F, : as %3A, # as %23"
        )
    return host, int(port) if colon else usual


def _quoted(user: str) -> str:
    """user:password as a URL holds it, whether or not it was quoted already."""
    name, colon, password = user.partition(":")
    return quote(unquote(name), safe="") + colon + quote(unquote(password), safe="")


def _secrets(user: str, rest: str) -> tuple[str, ...]:
    password = user.partition(":")[2]
    found = {user, password, unquote(password), quote(unquote(password), safe="")}
    query = rest.rpartition("@")[2].partition("?")[2]
    for part in query.partition("#")[0].split("&"):
        key, _, value = part.partition("=")
        if not _harmless(unquote_plus(key), unquote_plus(value)):
            found |= {query, value, unquote_plus(value), quote(unquote_plus(value), safe="")}
    for match in _SECRET_IN_PATH.finditer(rest):
        found.add(match.group()[len(match.group(1)) :])
    # One or two letters are no secret that can be kept, and would eat the words of any message.
    return tuple(sorted(text for text in found if len(text) > 2))


def _harmless(key: str, value: str) -> bool:
    return key.lower() in _HARMLESS and bool(_SMALL.fullmatch(value))


def _shown_query(text: str) -> str:
    text = text.partition("#")[0]
    before, found, query = text.partition("?")
    if not found:
        return before
    kept, hidden = [], False
    for part in query.split("&"):
        key, _, value = part.partition("=")
        if _harmless(unquote_plus(key), unquote_plus(value)):
            kept.append(part)
        else:
            hidden = True
    return f"{before}?{'&'.join([*kept, *([_HIDDEN] if hidden else [])])}"


def _without_path_secrets(text: str) -> str:
    return _SECRET_IN_PATH.sub(rf"\1{_HIDDEN}", text)


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else _HIDDEN for letter in text)
