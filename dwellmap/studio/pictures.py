"""Pictures that pages show, in memory only, under addresses that cannot be guessed."""

from __future__ import annotations

import secrets
from collections import OrderedDict

import cv2
import numpy as np
from fastapi import FastAPI
from fastapi.responses import Response
from numpy.typing import NDArray

_MOST = 64


class Pictures:
    """Keeps the newest pictures and hands them to browsers."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def add_to(self, app: FastAPI) -> None:
        """Serve them."""

        @app.get("/picture/{key}")
        def picture(key: str) -> Response:
            content = self._kept.get(key)
            if content is None:
                return Response(status_code=404)
            return Response(content, media_type="image/png", headers={"cache-control": "private, no-store"})

    def keep(self, picture: NDArray[np.uint8]) -> str:
        """Keep a picture (height, width, 3 or 4), RGB or RGBA.

        Returns:
            Its address.

        """
        order = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
        done, png = cv2.imencode(".png", cv2.cvtColor(picture, order), [cv2.IMWRITE_PNG_COMPRESSION, 3])
        if not done:
            raise ValueError(f"a picture of {picture.shape[1]}x{picture.shape[0]} could not be encoded")
        key = secrets.token_urlsafe(16)
        self._kept[key] = png.tobytes()
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return f"/picture/{key}"
