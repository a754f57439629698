"""A watched shop: an inbox, a site, real service processes, and films of a second or two."""

import contextlib
import hashlib
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest

from dwellmap.watch.ledger import Ledger
from dwellmap.watch.status import Recording, Status, read_status

SITE = """
name = "watched shop"
time_zone = "Europe/Berlin"
[plan]
width_m = 10.0
height_m = 8.0
[[cameras]]
name = "front"
[[cameras]]
name = "back"
files = ["back_*"]
[settings.calibration]
from_people = false
"""
# The scripted, quick way: no weights, no looks at people.
QUICK = ("--detector", "motion", "--appearance", "none", "--least-free-gb", "0.01")


def film(path: Path, seed: int, frames: int = 10) -> Path:
    """Something bright crosses a picture of noise that the seed makes; ten pictures a second."""
    noise = np.random.default_rng(seed).integers(40, 130, (96, 128, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "30", "threads": "1"}
        for number in range(frames):
            picture = noise.copy()
            picture[30:80, 4 + 8 * number : 18 + 8 * number] = 235
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def sound(path: Path) -> Path:
    """A file with sound and no picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1600), np.float32), "fltp", "mono")
        frame.sample_rate = 16_000
        for packet in [*stream.encode(frame), *stream.encode()]:
            container.mux(packet)
    return path


@dataclass
class Shop:
    """A place with a watched folder; every process that it started is ended with it."""

    folder: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.inbox / "front").mkdir(parents=True)
        self.site.write_text(SITE)

    @property
    def inbox(self) -> Path:
        return self.folder / "inbox"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def site(self) -> Path:
        return self.folder / "site.toml"

    def words(self, *more: object) -> list[str]:
        words = [self.program, "watch", self.inbox, "--site", self.site, "--out", self.out, *QUICK, *more]
        return [str(word) for word in words]

    @property
    def program(self) -> Path:
        return Path(sys.executable).with_name("dwellmap")

    def start(self, *more: object) -> subprocess.Popen[str]:
        """Start the service."""
        service = subprocess.Popen(
            self.words(*more), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=self.folder
        )
        self.started.append(service)
        return service

    def once(self, *more: object, longest_s: float = 280) -> subprocess.CompletedProcess[str]:
        """Handle what is there."""
        return subprocess.run(
            self.words("--once", "--settle", 0.2, *more),
            capture_output=True, text=True, cwd=self.folder, timeout=longest_s, check=False,
        )  # fmt: skip

    def jobs(self, *words: object) -> subprocess.CompletedProcess[str]:
        """Ask for what became of it."""
        command = [self.program, "jobs", *words, "--out", self.out]
        return subprocess.run([str(w) for w in command], capture_output=True, text=True, check=False)

    def status(self) -> Status:
        return read_status(self.out, latest=None)

    def of(self, name: str) -> Recording:
        """The recording that a file belongs to."""
        return next(
            one for one in self.status().recordings
            if name in (one.entry.name, Path(one.entry.name).name) or name in {f.name for f in one.files}
        )  # fmt: skip

    def wait(self, met: Callable[[], bool], longest_s: float = 120.0) -> None:
        """Wait until something is so."""
        until_s = time.monotonic() + longest_s
        while True:
            with contextlib.suppress(FileNotFoundError, StopIteration):
                if met():
                    return
            assert time.monotonic() < until_s, "waited in vain"
            time.sleep(0.1)

    def runs(self) -> list[Path]:
        """All runs."""
        return sorted(recipe.parent for recipe in self.out.glob("*/*/run.json"))

    def end(self) -> None:
        for service in self.started:
            if service.poll() is None:
                service.terminate()
        for service in self.started:
            try:
                service.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                service.kill()
                service.communicate()


@pytest.fixture
def ledger(tmp_path):
    """A ledger of its own, empty."""
    made = Ledger(tmp_path / "ledger.sqlite", create=True)
    yield made
    made.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "shop")
    yield made
    made.end()


@pytest.fixture
def new_shop(tmp_path: Path) -> Iterator[Callable[[str], Shop]]:
    made: list[Shop] = []

    def make(name: str) -> Shop:
        made.append(Shop(tmp_path / name))
        return made[-1]

    yield make
    for one in made:
        one.end()


@dataclass(frozen=True)
class Delivery:
    """A file and what happens to it on its way into the inbox.

    Attributes:
        kind: "good", "late" (half of it comes first), "renamed", "duplicate", "half", "corrupt", "empty",
            "text" or "sound".
        name: Its name at the end, in the inbox.
        content: Its bytes at the end.

    """

    kind: str
    name: str
    content: bytes

    @property
    def is_film(self) -> bool:
        return self.kind in ("good", "late", "renamed", "duplicate")

    @property
    def earlier(self) -> str:
        """The name before it was renamed."""
        return self.name.replace("new-", "old-")


SHARES = {
    "good": 0.44, "late": 0.1, "renamed": 0.06, "duplicate": 0.1,
    "half": 0.06, "corrupt": 0.1, "empty": 0.02, "text": 0.06, "sound": 0.06,
}  # fmt: skip


def deliveries(folder: Path, count: int, seed: int) -> list[Delivery]:
    """A night's export with all that can go wrong, at least one of each kind."""
    chance = random.Random(seed)
    folder.mkdir()
    made: list[Delivery] = []
    kinds = [kind for kind, share in SHARES.items() for _ in range(max(1, round(share * count)))]
    for number, kind in enumerate(kinds):
        content = film(folder / f"{number}.mp4", number, frames=chance.choice((8, 10, 12))).read_bytes()
        hour, minute = divmod(number, 60)
        camera = chance.choice(("front/cam", "back"))
        name = f"{camera}_20261121_{8 + hour:02d}{minute:02d}00.mp4"
        if kind == "renamed":
            name = f"front/new-{number}.mp4"
        elif kind == "duplicate":
            name = f"front/zz-copy-{number}.mp4"
            content = chance.choice([one for one in made if one.kind == "good"]).content
        elif kind == "half":
            content = content[: len(content) // 2]
        elif kind == "corrupt":
            content = bytes(chance.randrange(256) for _ in range(3000))
        elif kind == "empty":
            content = b""
        elif kind == "text":
            content = f"no film {number}\n".encode() * 50
        elif kind == "sound":
            content = sound(folder / f"{number}-sound.mp4").read_bytes() + bytes(8 + number)
        made.append(Delivery(kind, name, content))
    return made


def deliver(shop: Shop, one: Delivery, chance: random.Random, stop: threading.Event) -> None:
    """Bring a file as its kind says."""
    target = shop.inbox / one.name
    if one.kind == "late":
        with target.open("wb") as file:
            file.write(one.content[: len(one.content) // 2])
        stop.wait(chance.uniform(0.3, 2.0))
        with target.open("ab") as file:
            file.write(one.content[len(one.content) // 2 :])
    elif one.kind == "renamed":
        earlier = shop.inbox / one.earlier
        earlier.write_bytes(one.content)
        stop.wait(chance.uniform(0.0, 4.0))
        with contextlib.suppress(FileNotFoundError):  # done and moved away under its earlier name
            earlier.rename(target)
    elif chance.random() < 0.5:
        partial = target.with_name(f"{target.name}.part")
        partial.write_bytes(one.content)
        partial.rename(target)
    else:
        target.write_bytes(one.content)


def run_with_faults(shop: Shop, files: list[Delivery], kills: int, seed: int, *words: object) -> None:
    """Let files come one after the other while the service is killed at random moments."""
    chance = random.Random(seed)
    stop = threading.Event()
    originals = [one for one in files if one.kind != "duplicate"]
    chance.shuffle(originals)
    # A copy never comes before what it is a copy of.
    order = originals + [one for one in files if one.kind == "duplicate"]

    def bring() -> None:
        for one in order:
            deliver(shop, one, chance, stop)
            stop.wait(chance.uniform(0.0, 0.3))

    options = ("--settle", 0.5, "--patience", 4, "--quiet", *words)
    service = shop.start(*options)
    courier = threading.Thread(target=bring)
    courier.start()
    try:
        for _ in range(kills):
            time.sleep(chance.uniform(1.5, 9.0))
            assert service.poll() is None, "the service ended by itself"
            service.send_signal(signal.SIGKILL)
            service.communicate()
            service = shop.start(*options)
    finally:
        courier.join()

    def over() -> bool:
        status = shop.status()
        known = {delivered(file) for one in status.recordings for file in one.files}
        here = all(one.name in known or one.earlier in known for one in files)
        # All may be done before the last service is: told to stop while it starts, it dies of the signal.
        up = status.service == "watching"
        return up and here and not status.counts["waiting"] + status.counts["running"]

    shop.wait(over, 60.0 + 12.0 * len(files))
    service.terminate()
    assert service.wait(timeout=15) == 0


def delivered(file: Path) -> str:
    """The name under which a file came, wherever it was moved since."""
    return str(Path(*file.parts[1:])) if file.parts[0] in ("done", "failed") else str(file)


def check(shop: Shop, files: list[Delivery], calm: Shop, renamed: Shop) -> None:
    """Every file ended done or failed with its reason, each content once, and as without faults."""
    by_content = {one.entry.content: one for one in shop.status().recordings}
    assert by_content.keys() == {hashlib.sha256(one.content).hexdigest() for one in files}
    for one in files:
        found = by_content[hashlib.sha256(one.content).hexdigest()]
        assert found.entry.state == ("done" if one.is_film else "failed"), (one.kind, found)
        assert found.run_is_there == one.is_film
        assert one.is_film or found.entry.reason
    there = Counter(file.read_bytes() for file in shop.inbox.rglob("*") if file.is_file())
    assert there == Counter(one.content for one in files), "an original was changed or lost"
    recipes = [json.loads((run / "run.json").read_text()) for run in shop.runs()]
    hashes = [recipe["source"]["content_hash"] for recipe in recipes]
    assert len(hashes) == len(set(hashes)) == len({one.content for one in files if one.is_film})
    assert not list(shop.out.glob("*/.*")), "something half-written was left"
    for run in shop.runs():
        place = run.relative_to(shop.out)
        twin = next(other.out / place for other in (calm, renamed) if (other.out / place).is_dir())
        assert same(run, twin), place
    for links in calm.out.glob("*/links-*.parquet"):
        assert links.read_bytes() == (shop.out / links.relative_to(calm.out)).read_bytes(), links.name


def same(run: Path, twin: Path) -> bool:
    """Whether two runs are equal, byte for byte, but for the time they took."""
    names = {file.name for file in run.iterdir()}
    if names != {file.name for file in twin.iterdir()}:
        return False
    first, second = (json.loads((folder / "run.json").read_text()) for folder in (run, twin))
    first.pop("timing")
    second.pop("timing")
    return first == second and all(
        (run / name).read_bytes() == (twin / name).read_bytes() for name in names - {"run.json"}
    )


def run_calmly(shop: Shop, renamed: Shop, files: list[Delivery], *words: object) -> None:
    """The same files without faults; those that were renamed also under their earlier name, elsewhere."""
    for one in files:
        if one.kind in ("good", "late", "renamed"):
            (shop.inbox / one.name).write_bytes(one.content)
        if one.kind == "renamed":
            (renamed.inbox / one.earlier).write_bytes(one.content)
    for place in (shop, renamed):
        ran = place.once(*words, longest_s=60 + 15 * len(files))
        assert ran.returncode == 0, ran.stderr


def resident_kb(pid: int) -> int:
    """Memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise ProcessLookupError(pid)


def children(pid: int) -> list[int]:
    """Processes that descend from one."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(stat[1]) == pid:
                found += [int(entry.name), *children(int(entry.name))]
    return found


def alive(pid: int) -> bool:
    """Whether a process still does something."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


@pytest.fixture(scope="session")
def kit() -> ModuleType:
    """The functions above: a conftest cannot be imported."""
    return sys.modules[__name__]
