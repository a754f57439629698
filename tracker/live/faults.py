"""Why a camera's stream cannot be had, in words for who can help; made of nothing that holds a password."""

from __future__ import annotations

import errno
import socket
import traceback
from dataclasses import dataclass
from pathlib import Path

import av

from tracker.live.address import Address


@dataclass(frozen=True, slots=True)
class Fault:
    """What keeps pictures from coming.

    Attributes:
        message: What was expected, what came, what to do.
        fatal: Whether trying again is of no use.
        slow: Whether to try again only after a good while: nothing but a person's doing will help.

    """

    message: str
    fatal: bool = False
    slow: bool = False


class StreamError(Exception):
    """Raised with the fault that ends an attempt."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def fault_of(error: BaseException, address: Address, limit_s: float) -> Fault:
    """What FFmpeg's error means to the owner of the camera."""
    if isinstance(error, StreamError):
        return error.fault
    where = address.shown
    if isinstance(error, (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)):
        code = 401 if isinstance(error, av.error.HTTPUnauthorizedError) else 403
        asked = (
            f"the camera refuses the user name or password ({code}); correct them in the address"
            if address.has_user
            else f"the camera wants a user name and a password ({code}); "
            "put them into the address: //user:password@host"
        )
        return Fault(f"{where}: {asked}", slow=True)
    if isinstance(error, (av.error.HTTPNotFoundError, av.error.HTTPBadRequestError)):
        return Fault(
            f"{where}: the camera answers, but has no stream of this name; "
            "check what follows the host in the address with the camera's manual",
            slow=True,
        )
    if isinstance(error, av.error.HTTPOtherClientError):
        return Fault(
            f"{where}: the camera refuses to send its stream over TCP, or has too many viewers; "
            "switch on RTSP over TCP in its settings, or end another viewer"
        )
    if isinstance(error, av.error.HTTPServerError):
        return Fault(f"{where}: the camera reports a fault of its own (5xx); restart it if that stays")
    if address.kind == "device":
        return _device_fault(error, where)
    return _network_fault(error, address, limit_s)


def own_fault(error: Exception, address: Address) -> Fault:
    """A mistake in this program: where, without the words of the error, which may hold anything."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return Fault(
        f"{address.shown}: reading the stream failed inside Dwellmap "
        f"({type(error).__name__} in {Path(place.filename).name}, line {place.lineno}); please report this"
    )


def no_video(address: Address, kinds: str) -> Fault:
    """A stream that holds something else."""
    return Fault(
        f"{address.shown}: expected a stream with pictures, got one that holds only: {kinds or 'nothing'}; "
        "choose the camera's video stream",
        slow=True,
    )


def no_decoder(address: Address, coding: str) -> Fault:
    """Pictures in a coding that nobody here knows."""
    known = f" ({coding})" if coding else ""
    return Fault(
        f"{address.shown}: expected pictures that can be decoded, got a coding not known here{known}; "
        "set the camera to H.264, H.265 or MJPEG",
        slow=True,
    )


def is_file(address: Address) -> Fault:
    """Something with an end."""
    return Fault(
        f"{address.shown}: expected a live stream, got a file with a length; "
        "download it and use `dwellmap run`",
        fatal=True,
    )


def no_answer(address: Address, limit_s: float) -> Fault:
    """Nothing, or too little to tell what it is."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    place = f"{host}:{address.port}" if host else "the device"
    return Fault(
        f"{address.shown}: no answer from {place} within {limit_s:.0f} s; check that the camera is on and "
        "reachable from this machine"
    )


def stalled(address: Address, pictures: int, flowing: bool, coding: str, limit_s: float) -> Fault:
    """The line is open and no picture comes over it, though data may flow."""
    if pictures:
        count = "1 picture" if pictures == 1 else f"{pictures} pictures"
        return Fault(
            f"{address.shown}: the camera sent {count} and then nothing for {limit_s:.0f} s; "
            "if it stays so, check its network or restart it"
        )
    if flowing:
        return Fault(
            f"{address.shown}: for {limit_s:.0f} s data came but no picture of it could be decoded "
            f"({coding or 'unknown coding'}); set the camera to plain H.264 or MJPEG, without encryption or "
            "vendor extensions (H.264+, Smart Codec)"
        )
    return Fault(
        f"{address.shown}: the camera answered but sent no picture for {limit_s:.0f} s; "
        "if it stays so, restart it"
    )


def ended(address: Address, pictures: int, coding: str, error: BaseException | None) -> Fault:
    """The camera closed the line, or the line broke."""
    if pictures == 1 and address.kind == "http" and coding == "mjpeg":
        return Fault(
            f"{address.shown}: expected a stream, got one single picture; "
            "this is a snapshot's address: use the one of the camera's MJPEG or RTSP stream",
            slow=True,
        )
    how = f" ({_reason(error)})" if error else ""
    return Fault(
        f"{address.shown}: the stream broke off{how}; the camera may be restarting, or its network down"
    )


def _device_fault(error: BaseException, where: str) -> Fault:
    number = getattr(error, "errno", None)
    if number == errno.EBUSY:
        return Fault(f"{where}: another program uses this camera; end it")
    if number in (errno.EACCES, errno.EPERM):
        return Fault(f"{where}: no right to use this camera; add the user to the group `video`", slow=True)
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return Fault(
            f"{where}: no such device; is the camera plugged in? `ls /dev/video*` lists what there is"
        )
    if number in (errno.ENOTTY, errno.EINVAL, errno.EISDIR):
        return Fault(f"{where}: expected a camera, got a device that sends no pictures; try the next number")
    return Fault(f"{where}: the camera cannot be read: {_reason(error)}")


def _network_fault(error: BaseException, address: Address, limit_s: float) -> Fault:
    where = address.shown
    number = getattr(error, "errno", None)
    # FFmpeg gives a name that nobody knows the same number as any fault of the line.
    if number in (errno.EIO, errno.EINVAL, errno.ENOENT) and not _resolved(address.host):
        return Fault(
            f"{where}: nobody knows a host of the name {address.host}; check its spelling, "
            "or use the camera's IP address"
        )
    if number == errno.ECONNREFUSED:
        return Fault(
            f"{where}: nothing listens at port {address.port} of {address.host}; "
            "check that the camera is on, and the port"
        )
    if number in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return Fault(f"{where}: there is no way to {address.host}; check network, cable and address")
    if number == errno.ETIMEDOUT or isinstance(error, (av.error.ExitError, TimeoutError)):
        return no_answer(address, limit_s)
    if isinstance(error, av.error.ProtocolNotFoundError):
        return Fault(f"{where}: the camera names a way of transport that is not allowed here", slow=True)
    # Read to its end and not understood, the line just ends.
    unknown = address.kind == "http" and number == errno.EIO
    if unknown or isinstance(error, av.error.InvalidDataError):
        return Fault(
            f"{where}: expected a stream (RTSP; MJPEG, MPEG-TS or FLV over HTTP), got something else, "
            "maybe a web page or a playlist; check the path with the camera's manual",
            slow=True,
        )
    return Fault(f"{where}: the stream cannot be opened ({_reason(error)})")


def _resolved(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    return True


def _reason(error: BaseException) -> str:
    # Never the whole text of an error: FFmpeg puts the address into it, password and all.
    return getattr(error, "strerror", None) or type(error).__name__
