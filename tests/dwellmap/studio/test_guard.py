"""Who is let in: this machine's own pages, and those who know the token."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from dwellmap.studio.guard import COOKIE, LARGEST_BODY_BYTES, Guard, check_token, is_loopback

TOKEN = "correct horse battery"


async def _read(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def _speak(socket) -> None:
    await socket.accept()
    await socket.send_text("hello")
    await socket.close()


def client(host="127.0.0.1", token=None, base="http://127.0.0.1:8321"):
    app = Starlette(
        routes=[
            Route("/", _read, methods=["GET", "POST"]),
            Route("/zones", _read),
            WebSocketRoute("/talk", _speak),
        ]
    )
    return TestClient(Guard(app, host, 8321, token), base_url=base, follow_redirects=False)


@pytest.mark.parametrize("base", ["http://127.0.0.1:8321", "http://localhost:8321", "http://[::1]:8321"])
def test_this_machine_s_browser_is_let_in(base):
    assert client(base=base).get("/").status_code == 200


@pytest.mark.parametrize("base", ["http://evil.example:8321", "http://127.0.0.1:9999", "http://127.0.0.1"])
def test_another_name_or_port_for_this_address_is_refused(base):
    """A name of somebody else's that leads here is how DNS rebinding begins."""
    assert client(base=base).get("/").status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_site_s_page_cannot_change_anything(headers):
    browser = client()
    assert browser.post("/", content=b"x", headers=headers).status_code == 403
    with (
        pytest.raises(WebSocketDisconnect),
        browser.websocket_connect("/talk", headers=headers | {"host": "127.0.0.1:8321"}),
    ):
        pass


def test_our_own_pages_can():
    headers = {"origin": "http://127.0.0.1:8321", "sec-fetch-site": "same-origin"}
    assert client().post("/", content=b"x", headers=headers).text == "1"
    with client().websocket_connect("/talk", headers=headers | {"host": "127.0.0.1:8321"}) as socket:
        assert socket.receive_text() == "hello"


def test_pages_keep_to_themselves():
    headers = client().get("/").headers
    assert headers["x-frame-options"] == "DENY"
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "connect-src 'self'" in headers["content-security-policy"]


def test_a_token_is_asked_for_once_and_leaves_the_address():
    browser = client("0.0.0.0", TOKEN, "http://shop-pc:8321")
    assert browser.get("/").status_code == 401
    assert browser.get("/", params={"token": "wrong horse battery"}).status_code == 401
    let_in = browser.get("/zones", params={"token": TOKEN, "camera": "a b"})
    assert let_in.status_code == 303
    assert let_in.headers["location"] == "/zones?camera=a+b"
    kept = let_in.headers["set-cookie"]
    assert "HttpOnly" in kept
    assert "SameSite=strict" in kept
    assert TOKEN.split()[0] not in kept
    assert browser.get("/zones").status_code == 200


def test_a_web_socket_needs_the_token_too():
    browser = client("0.0.0.0", TOKEN, "http://shop-pc:8321")
    with (
        pytest.raises(WebSocketDisconnect),
        browser.websocket_connect("/talk", headers={"host": "shop-pc:8321"}),
    ):
        pass


@pytest.mark.parametrize("cookie", ["", f"{COOKIE}=", f"{COOKIE}=guess", "a=b; ;;=", f"{COOKIE}=ü"])
def test_a_wrong_cookie_is_no_token(cookie):
    browser = client("0.0.0.0", TOKEN, "http://shop-pc:8321")
    assert browser.get("/", headers={"cookie": cookie.encode("latin-1")}).status_code == 401


def test_the_way_back_from_the_token_stays_here():
    browser = client("0.0.0.0", TOKEN, "http://shop-pc:8321")
    answer = browser.get("http://shop-pc:8321//evil.example/x", params={"token": TOKEN})
    assert answer.headers["location"] == "/evil.example/x"


def test_a_body_is_limited():
    assert client().post("/", content=b"x" * 1000).text == "1000"
    assert client().post("/", content=b"x" * (LARGEST_BODY_BYTES + 1)).status_code == 413


def test_what_is_neither_request_nor_socket_passes():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    passed = Guard(app, "127.0.0.1", 1, None)({"type": "lifespan"}, None, None)
    # In a thread of its own, for the browser of other tests leaves a loop running in this one.
    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, passed).result()
    assert seen == ["lifespan"]


@pytest.mark.parametrize(("host", "here"), [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True),
                                             ("localhost", True), ("0.0.0.0", False), ("192.168.1.5", False),
                                             ("shop-pc", False)])  # fmt: skip
def test_what_stays_on_this_machine(host, here):
    assert is_loopback(host) == here


def test_other_machines_need_a_token():
    check_token("127.0.0.1", None)
    check_token("0.0.0.0", TOKEN)
    with pytest.raises(ValueError, match="expected a --token of at least 12 characters"):
        check_token("0.0.0.0", None)
    with pytest.raises(ValueError, match="at least 12 characters, got 5"):
        check_token("127.0.0.1", "short")
