"""A camera on loopback that sends over HTTP: MJPEG, MPEG-TS, or what is no stream at all.

Prints its port, then serves until it is killed or its standard input ends.
"""

import argparse
import base64
import contextlib
import os
import sys
import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import cv2


@cache
def pictures(clip: str) -> list[tuple[float, bytes]]:
    """(seconds since the beginning, JPEG) of each picture of a clip."""
    with av.open(clip) as container:
        return [
            (frame.time or 0.0, cv2.imencode(".jpg", frame.to_ndarray(format="bgr24"))[1].tobytes())
            for frame in container.decode(video=0)
        ]


class Camera(BaseHTTPRequestHandler):
    """Answers every path with the same."""

    options: argparse.Namespace

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        options = self.options
        if options.user:
            expected = base64.b64encode(f"{options.user}:{options.password}".encode()).decode()
            if self.headers.get("Authorization") != f"Basic {expected}":
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, options.kind)(options)
        self.close_connection = True

    def page(self, _: argparse.Namespace) -> None:
        self._head("text/html")
        self.wfile.write(b"<html><body>" + b"<p>Please log in.</p>" * 400 + b"</body></html>")

    def missing(self, _: argparse.Namespace) -> None:
        self.send_error(404)

    def snapshot(self, options: argparse.Namespace) -> None:
        self._head("image/jpeg")
        self.wfile.write(pictures(options.clip)[0][1])

    def file(self, options: argparse.Namespace) -> None:
        data = Path(options.clip).read_bytes()
        begin = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").partition("-")[0])
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("Content-Type", "video/mp4")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(data) - begin))
        self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        self.wfile.write(data[begin:])

    def mjpeg(self, options: argparse.Namespace) -> None:
        self._head("multipart/x-mixed-replace; boundary=picture")
        clip = pictures(options.clip)
        round_s = clip[-1][0] * len(clip) / (len(clip) - 1)
        began_s, number = time.monotonic(), 0
        while self._goes_on(number):
            if number == options.then_after:
                clip = pictures(options.then)
            turn, index = divmod(number, len(clip))
            t_s, jpeg = clip[index]
            self._until(began_s + (t_s + turn * round_s) / options.speed)
            head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")
            number += 1

    def ts(self, options: argparse.Namespace) -> None:
        self._head("video/mp2t")
        began_s, number, round_s, jump_s = time.monotonic(), 0, 0.0, 0.0
        muxer, added = None, None
        while self._goes_on(number):
            with av.open(options.clip) as clip:
                stream = clip.streams.video[0]
                base = stream.time_base
                for packet in clip.demux(stream):
                    if packet.dts is None or not self._goes_on(number):
                        continue
                    if number == options.jump_after:
                        muxer.close()
                        jump_s, muxer = options.jump_s, None
                    if muxer is None:
                        muxer = av.open(self.wfile, "w", format="mpegts", options={"flush_packets": "1"})
                        added = muxer.add_stream_from_template(stream)
                    at_s = float(packet.dts * base) + round_s
                    # What a camera has in store when somebody comes is sent at once.
                    if number >= options.store:
                        self._until(began_s + (at_s - options.store * 0.1) / options.speed)
                    shift = int((round_s + jump_s + 100.0) / base)
                    packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, added
                    muxer.mux(packet)
                    number += 1
                round_s += float(stream.duration * base)

    def _goes_on(self, number: int) -> bool:
        if number == self.options.pictures:
            self.wfile.flush()
            time.sleep(3600)  # the line stays open, nothing comes
        return number != self.options.end_after

    def _head(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()

    @staticmethod
    def _until(at_s: float) -> None:
        time.sleep(max(0.0, at_s - time.monotonic()))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clip", required=True)
    parser.add_argument("--kind", default="mjpeg")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--pictures", type=int, help="so many, then silence")
    parser.add_argument("--end-after", type=int, help="so many, then the end of the stream")
    parser.add_argument("--store", type=int, default=0, help="so many at once at the beginning")
    parser.add_argument("--then", help="a clip of the same length, from --then-after on")
    parser.add_argument("--then-after", type=int)
    parser.add_argument("--jump-after", type=int, help="so many, then the camera's clock jumps")
    parser.add_argument("--jump-s", type=float, default=0.0)
    Camera.options = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", Camera.options.port), Camera)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
