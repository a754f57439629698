"""The one place that goes to the network, against a server of our own."""

import hashlib
import socket
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dwellmap.download import Redirects, download
from tracker.weights import find_weights

CONTENT = b"PK\x03\x04" + bytes(range(256)) * 2000


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.rsplit("/", 1)[-1]
        if path == "to-file":
            self.answer(302, b"", location="file:///etc/passwd")
        elif path == "to-good":
            self.answer(302, b"", location="/good")
        elif path == "short":
            self.answer(200, CONTENT[:1000], length=len(CONTENT))
        elif path == "endless":
            self.answer(200, CONTENT, length=None)
        elif path == "login":
            self.answer(200, b"<html>please log in</html>")
        elif path in {"good", "yolo11n.pt"}:
            self.answer(200, CONTENT)
        else:
            self.answer(404, b"")

    def answer(self, code, body, length=0, location=None):
        self.send_response(code)
        if length is not None:
            self.send_header("Content-Length", str(length or len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "new folder" / "file.pt"


@pytest.mark.parametrize("path", ["good", "to-good"])
def test_a_file_arrives_whole(server, target, path):
    seen = []
    got = download(f"{server}/{path}", target, 10**6, b"PK\x03\x04", lambda *x: seen.append(x))
    assert target.read_bytes() == CONTENT
    assert got.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert got.bytes == len(CONTENT)
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [p.name for p in target.parent.iterdir()] == ["file.pt"]


@pytest.mark.parametrize(
    ("path", "most", "error", "message"),
    [
        ("short", 10**6, ConnectionError, "broke after 1000 of"),
        ("good", 1000, ValueError, "the server announces"),
        ("endless", 1000, ValueError, "more came"),
        ("login", 10**6, ValueError, "something else came"),
        ("missing", 10**6, ConnectionError, "answered 404"),
        ("to-file", 10**6, ConnectionError, "is not allowed"),
    ],
)
def test_what_is_not_the_file_leaves_the_old_one_alone(server, target, path, most, error, message):
    target.parent.mkdir()
    target.write_bytes(b"old")
    with pytest.raises(error, match=message):
        download(f"{server}/{path}", target, most, b"PK\x03\x04")
    assert target.read_bytes() == b"old"
    assert [p.name for p in target.parent.iterdir()] == ["file.pt"]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/x", "yolo11n.pt", "https:///x"])
def test_http_and_https_only(target, url):
    with pytest.raises(ValueError, match="http:// or https://"):
        download(url, target, 10**6)


def test_a_redirection_from_https_to_http_is_not_followed():
    asked = urllib.request.Request("https://example.org/x")
    with pytest.raises(urllib.error.URLError, match="not followed"):
        Redirects().redirect_request(asked, None, 302, "Found", {}, "http://example.org/x")
    assert Redirects().redirect_request(asked, None, 302, "Found", {}, "https://example.net/x") is not None


@pytest.fixture
def closed_port():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return closed.getsockname()[1]


def test_offline_says_what_to_do(target, closed_port):
    with pytest.raises(ConnectionError, match=r"cannot be fetched.*put it at") as error:
        download(f"http://127.0.0.1:{closed_port}/yolo11n.pt", target, 10**6)
    assert str(target) in str(error.value)
    assert not target.exists()


def test_the_command(dwellmap, server, tmp_path):
    ran = dwellmap("weights", "get", "--source", f"{server}/", "--to", tmp_path)
    assert ran.code == 0, ran.err
    assert (tmp_path / "yolo11n.pt").read_bytes() == CONTENT
    path, digest = ran.out.splitlines()
    assert path == str(tmp_path / "yolo11n.pt")
    assert hashlib.sha256(CONTENT).hexdigest() in digest


def test_the_command_takes_its_source_from_the_environment(dwellmap, server, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("DWELLMAP_WEIGHTS_URL", server)
    monkeypatch.chdir(tmp_path)
    assert find_weights() is None
    assert dwellmap("weights", "get", "--quiet").code == 0
    assert find_weights() == tmp_path / "dwellmap/models/yolo11n.pt"


def test_the_command_offline_ends_with_2_and_one_message(dwellmap, closed_port, tmp_path):
    ran = dwellmap("weights", "get", "--source", f"http://127.0.0.1:{closed_port}", "--to", tmp_path)
    assert ran.code == 2
    assert "cannot be fetched" in ran.err
    assert "Traceback" not in ran.err
    assert list(tmp_path.iterdir()) == []
