"""An RTSP camera on loopback, by GStreamer's server: a clip's own H.264 in a loop, or something worse.

Run by the system's Python, which has GStreamer's bindings. Prints its port, then serves until it is killed or
its standard input ends.
"""

import argparse
import os
import re
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

SECOND = 1_000_000_000
CLIP = "( appsrc name=source format=time block=true ! h264parse ! rtph264pay name=pay0 config-interval=-1 )"
LAUNCH = {
    # The clip's coded pictures, not coded again.
    "h264": CLIP,
    # Coded pictures that are noise: the header is right, nothing behind it can be decoded.
    "broken": CLIP,
    "sound": "( audiotestsrc is-live=true ! audio/x-raw,rate=8000 ! mulawenc ! rtppcmupay name=pay0 )",
    # A payload that no player knows.
    "unknown": (
        "( videotestsrc is-live=true ! video/x-raw,width=128,height=96 ! jpegenc ! rtpgstpay ! capssetter "
        "replace=true caps=application/x-rtp,media=(string)video,encoding-name=(string)X-SECRET,"
        "clock-rate=(int)90000,payload=(int)96 ! identity name=pay0 )"
    ),
}


def coded_pictures(clip: str) -> tuple[list[tuple[bytes, int, int]], Gst.Caps, int]:
    """(bytes, pts, dts) of each coded picture of a clip, what they are, and the length of a round (ns)."""
    pipeline = Gst.parse_launch(
        f'filesrc location="{clip}" ! qtdemux ! h264parse ! '
        "video/x-h264,stream-format=byte-stream,alignment=au ! appsink name=sink sync=false"
    )
    sink = pipeline.get_by_name("sink")
    pipeline.set_state(Gst.State.PLAYING)
    found, caps = [], None
    while (sample := sink.emit("pull-sample")) is not None:
        buffer = sample.get_buffer()
        caps = caps or sample.get_caps()
        found.append((buffer.extract_dup(0, buffer.get_size()), buffer.pts, buffer.dts))
    pipeline.set_state(Gst.State.NULL)
    if not found:
        raise SystemExit(f"no H.264 in {clip}")
    first = min(pts for _, pts, _ in found)
    last = max(pts for _, pts, _ in found)
    length = (last - first) * len(found) // max(1, len(found) - 1)
    return [(data, pts - first, dts - first) for data, pts, dts in found], caps, length


def noise(unit: bytes) -> bytes:
    """A NAL unit; if it holds a slice, with a body that means nothing."""
    if not unit or unit[0] & 0x1F not in (1, 5):
        return unit
    return unit[:1] + bytes(1 + byte % 255 for byte in os.urandom(len(unit) - 1))


class Player:
    """Feeds one session's source, round after round."""

    def __init__(
        self, source: Gst.Element, clip: tuple, speed: float, most: int | None, broken: bool
    ) -> None:
        self.coded, caps, self.length = clip
        self.speed, self.most, self.broken = speed, most, broken
        self.given = 0
        source.set_property("caps", caps)
        # Some pictures ahead are enough; a whole clip would never be let go of.
        source.set_property("max-bytes", 200_000)
        source.connect("need-data", self.feed)

    def feed(self, source: Gst.Element, _length: int) -> None:
        if self.most is not None and self.given >= self.most:
            return  # the camera that says nothing more, with the line open
        turn, number = divmod(self.given, len(self.coded))
        data, pts, dts = self.coded[number]
        if self.broken:
            data = b"\0\0\0\1".join(noise(unit) for unit in re.split(b"\0\0\0?\1", data))
        buffer = Gst.Buffer.new_wrapped(data)
        buffer.pts = int((pts + turn * self.length) / self.speed)
        buffer.dts = max(0, int((dts + turn * self.length) / self.speed))
        self.given += 1
        source.emit("push-buffer", buffer)


class Camera(GstRtspServer.RTSPMediaFactory):
    """Makes what a client asks for."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__()
        self.options = options
        self.set_launch(LAUNCH[options.kind])
        self.set_shared(True)
        self.players: list[Player] = []
        if options.kind in ("h264", "broken"):
            self.clip = coded_pictures(options.clip)

    def do_configure(self, media: GstRtspServer.RTSPMedia) -> None:
        GstRtspServer.RTSPMediaFactory.do_configure(self, media)
        source = media.get_element().get_by_name("source")
        if source is not None:
            broken = self.options.kind == "broken"
            self.players.append(Player(source, self.clip, self.options.speed, self.options.pictures, broken))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clip", default="")
    parser.add_argument("--kind", choices=sorted(LAUNCH), default="h264")
    parser.add_argument("--port", default="0")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--pictures", type=int, help="so many, then silence")
    options = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(options.port)
    camera = Camera(options)
    if options.user:
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(2)  # digest, as cameras want it
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.add_digest(options.user, options.password, token)
        server.set_auth(auth)
        camera.add_role_from_structure(
            Gst.Structure.new_from_string(
                "viewer, media.factory.access=(boolean)true, media.factory.construct=(boolean)true"
            )
        )
    server.get_mount_points().add_factory("/live", camera)
    server.attach(None)
    loop = GLib.MainLoop()
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    print(server.get_bound_port(), flush=True)
    loop.run()


if __name__ == "__main__":
    main()
