"""Who may talk to the studio: this machine's browser, or who knows the token; never another site's page.

Pages of other sites can make a browser send requests to 127.0.0.1 (cross-site request forgery), open its
web sockets, or reach it under a name of their own (DNS rebinding). So the address asked for must be one the
studio was started with, and whatever can change something must come from the studio's own pages.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "dwellmap-studio"
LEAST_TOKEN = 12
LARGEST_BODY_BYTES = 40_000_000
_SAFE = {"GET", "HEAD"}
_HERE = {"localhost", "127.0.0.1", "[::1]"}
# Nothing of a page may come from or go to another machine, whatever a library would like.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; "
    "base-uri 'self'; form-action 'self'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def check_token(host: str, token: str | None) -> None:
    """Refuse to be reachable from other machines without a token.

    Raises:
        ValueError: If the token is missing or too short.

    """
    if token is None and not is_loopback(host):
        raise ValueError(
            f"--host {host} makes the studio reachable from other machines: expected a --token of at least "
            f"{LEAST_TOKEN} characters beside it, got none; or leave --host out to stay on this machine"
        )
    if token is not None and len(token) < LEAST_TOKEN:
        raise ValueError(f"--token: expected at least {LEAST_TOKEN} characters, got {len(token)}")


@dataclass(frozen=True, slots=True)
class Guard:
    """Stands before every request and web socket.

    Attributes:
        app: What it protects.
        host: The address that the studio listens on.
        port: Its port.
        token: What a browser must know; None lets this machine's browsers in without.

    """

    app: ASGIApp
    host: str
    port: int
    token: str | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through or answer it with a refusal."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _answer(refusal, scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        await self._limited(scope, receive, send)

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> Response | None:
        host = headers.get("host", "")
        if not self._is_ours(host):
            return PlainTextResponse("This address is not the studio's; open the one it printed.", 421)
        # A web socket is a GET, but what is said through it changes things.
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if changes and not _own_page(headers, host):
            return PlainTextResponse("Refused: this request comes from another site's page.", 403)
        return self._without_token(scope, headers)

    def _is_ours(self, host: str) -> bool:
        name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "80")
        if not name:
            name, port = host, "80"
        if is_loopback(self.host):
            ours = _HERE | {self.host.lower(), f"[{self.host}]"}
            return name.lower() in ours and port == str(self.port)
        # From elsewhere the machine has names that are not known here; the token protects it.
        return True

    def _without_token(self, scope: Scope, headers: dict[str, str]) -> Response | None:
        if self.token is None:
            return None
        expected = _proof(self.token)
        cookies = SimpleCookie()
        try:
            cookies.load(headers.get("cookie", ""))
        except CookieError:
            cookies.clear()
        shown = cookies.get(COOKIE)
        if shown is not None and hmac.compare_digest(shown.value.encode(), expected.encode()):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = next((value for key, value in query if key == "token"), None)
        if scope["type"] == "http" and given is not None:
            if hmac.compare_digest(given.encode(), self.token.encode()):
                # The token goes out of the address, so that it stays in no history and no log.
                rest = urlencode([(key, value) for key, value in query if key != "token"])
                # A path such as //elsewhere would lead to another site.
                path = "/" + scope["path"].lstrip("/")
                answer = RedirectResponse(path + (f"?{rest}" if rest else ""), 303)
                answer.set_cookie(COOKIE, expected, httponly=True, samesite="strict")
                return answer
            return PlainTextResponse("This is not the studio's token.", 401)
        return PlainTextResponse(
            "This studio needs its token: open the address that `dwellmap studio` printed, with ?token=…", 401
        )

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the body on up to a size, and add the headers that keep pages to themselves."""
        got = 0
        begun = False

        async def counted() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            # What comes after the limit is not handed on: the app sees a browser that went away.
            return {"type": "http.disconnect"} if got > LARGEST_BODY_BYTES else message

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if got > LARGEST_BODY_BYTES and not begun:
                return
            if message["type"] == "http.response.start":
                begun = True
                message = {**message, "headers": [*message["headers"], *_HEADERS]}
            await send(message)

        try:
            await self.app(scope, counted, with_headers)
        except ClientDisconnect:
            if got <= LARGEST_BODY_BYTES:
                raise
        if got > LARGEST_BODY_BYTES and not begun:
            told = f"Refused: more than {LARGEST_BODY_BYTES // 1_000_000} MB."
            await _answer(PlainTextResponse(told, 413), scope, receive, send)


def _proof(token: str) -> str:
    """What the browser keeps in place of the token."""
    return hashlib.sha256(b"dwellmap studio " + token.encode()).hexdigest()


def _own_page(headers: dict[str, str], host: str) -> bool:
    """Whether a browser says that a request comes from a page of this very address; a script says nothing."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False


async def _answer(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        response.raw_headers.extend(_HEADERS)
        await response(scope, receive, send)
        return
    await receive()
    await send({"type": "websocket.close", "code": 4403})
