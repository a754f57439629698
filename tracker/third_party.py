"""Libraries that would otherwise send usage data, install packages or write into the user's folders.

Each is loaded through a function here, and nowhere else. Nothing happens on import of this module.

OpenVINO: `import openvino` itself sends an event ("import") through the package `openvino_telemetry`, unless
a consent file in the user's home says no, and writes a client id into `~/intel`. OpenVINO falls back to a
stub where that package is absent, so it is declared absent to this process: nothing is sent or written.

ultralytics: its switches are environment variables, read on import and, some, later on.
`YOLO_AUTOINSTALL=false`: it would install packages by pip. `YOLO_OFFLINE=true`: it would look for the network
and for new versions, and send usage data. `YOLO_CONFIG_DIR`: it writes its settings into the user's
configuration; here into a temporary folder that goes with the process. On import it also sets the number of
threads of OpenCV (to none) and of OpenMP (to one); both are put back.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from types import ModuleType
from typing import Any

import cv2

_TELEMETRY = "openvino_telemetry"


def load_openvino() -> Any:
    """Import OpenVINO so that it neither sends nor writes anything; returns the module `openvino`."""
    if "openvino" not in sys.modules:
        # None in sys.modules makes `import openvino_telemetry` an ImportError, now and later in this process.
        sys.modules[_TELEMETRY] = None  # type: ignore[assignment]
    return importlib.import_module("openvino")


def load_ultralytics(module: str) -> ModuleType:
    """Import a module of ultralytics so that it neither installs, sends nor writes to the user's folders.

    Args:
        module: Such as "ultralytics.nn.tasks".

    """
    os.environ.update(YOLO_AUTOINSTALL="false", YOLO_OFFLINE="true", YOLO_VERBOSE="false")
    if "ultralytics" not in sys.modules:
        settings = tempfile.TemporaryDirectory(prefix="dwellmap-ultralytics-")
        before = {name: os.environ.get(name) for name in ("YOLO_CONFIG_DIR", "OMP_NUM_THREADS")}
        threads = cv2.getNumThreads()
        # torch reads the number of OpenMP threads once, and must not read the 1 that ultralytics sets.
        importlib.import_module("torch")
        os.environ["YOLO_CONFIG_DIR"] = settings.name
        try:
            package = importlib.import_module("ultralytics")
        finally:
            cv2.setNumThreads(threads)
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
        package.settings.update({"sync": False})
        package._dwellmap_settings_folder = settings  # type: ignore[attr-defined]
    return importlib.import_module(module)
