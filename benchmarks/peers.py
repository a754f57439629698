"""Wall and processor time per second of footage, memory and errors, beside other programs, in turns.

    make bench-peers [PEERS_ARGUMENTS="--rounds 3 --minutes 11 --data ../shared/data"]

Contestants, each a process of its own, start included: the Heatmap of ultralytics Solutions; a script of
supervision and trackers (`peer_scripts.py`); Dwellmap at every picture; Dwellmap as shipped (8 pictures a
second). They take turns, round by round, on the same clips with the same weights; the tables hold medians.
There is one round of each contest, and as many more, the first contest first, as the minutes allow; on a
machine with other work contests are left out that would take longer.

The concourse four times in a row (without the slower of the peers) tells what a start, the drawing and the
other fixed costs are from what each second of footage costs.

Weights are the INT8 folder of the test data, and YOLO11n untrained (`yolo11n.yaml`), as `.pt`: its boxes are
none, so that Dwellmap, which pays for each box later on, is given those that the INT8 folder found, after the
network has been run all the same. Peers are not given any. The limit is decoding all pictures, plus the
network alone on so many pictures as are looked at.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import supervision as sv

from dwellmap.detector_choice import DetectorChoice, choose_detector
from dwellmap.evaluation.evaluation import evaluate, floor_by_truth
from dwellmap.evaluation.sightings import Sightings
from dwellmap.evaluation.truth import load_truth
from dwellmap.progress import Silent
from dwellmap.run_folder import RunFolder
from dwellmap.running import run_recording
from dwellmap.site_file import Settings
from dwellmap.view import uncalibrated_view
from tracker.detector import StreamDetector
from tracker.frames import Frame
from tracker.habits import Habits
from tracker.mot import read_truth
from tracker.replay import ReplayDetector
from tracker.sources import open_recording

ROOT = Path(__file__).resolve().parents[1]
DWELLMAP = str(Path(sys.executable).with_name("dwellmap"))
INT8 = "yolo11n_int8_openvino_model"
RATE = 8.0


@dataclass(frozen=True)
class Clip:
    """Footage: its file, the truth if there is one, how wrong its clock is, and how small its pictures."""

    file: str
    truth: str | None
    clock_rate: float
    scale: float  # of its pictures against those that the truth is stated in


CLIPS = {
    "concourse 720p": Clip("concourse_overhead_720p.mp4", None, 1.0, 1.0),
    "PETS 480x360": Clip("pets09_s2l1_view001_480x360.mp4", "PETS09-S2L1", 10 / 7, 0.625),
}


@dataclass(frozen=True)
class Spent:
    """What a process took: wall and processor seconds, and its largest memory in MiB."""

    wall_s: float
    processor_s: float
    memory_mib: float


def spent(command: list[str], folder: Path) -> tuple[Spent, str]:
    """Run to the end; raises if it fails. Returns what it took and its last line."""
    with tempfile.TemporaryFile() as said:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdout=said, stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONPATH": str(ROOT), "YOLO_CONFIG_DIR": str(folder)},
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode(errors="replace").strip()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{text[-3000:]}")
    # ru_maxrss is in KiB on Linux.
    took = Spent(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    return took, text.rpartition("\n")[2]


def looped(path: Path, times: int, folder: Path) -> Path:
    """The clip so many times in a row, its packets as they are; it has to begin with a key picture."""
    target = folder / f"{path.stem}-{times}x{path.suffix}"
    with av.open(str(target), "w") as out:
        written, shift = None, 0
        for _ in range(times):
            with av.open(str(path)) as container:
                stream = container.streams.video[0]
                written = written or out.add_stream_from_template(stream)
                length = round(stream.duration) if stream.duration else 0
                for packet in container.demux(stream):
                    if packet.dts is None:
                        continue
                    packet.dts += shift
                    packet.pts = None if packet.pts is None else packet.pts + shift
                    packet.stream = written
                    out.mux(packet)
            shift += length
    return target


def untrained(folder: Path) -> Path:
    """YOLO11n as it is before training, as ultralytics stores it."""
    from tracker.third_party import load_ultralytics

    tasks = load_ultralytics("ultralytics.nn.tasks")
    import torch

    torch.manual_seed(0)
    model = tasks.DetectionModel("yolo11n.yaml", verbose=False)
    model.names = dict(enumerate(["person"] + [f"thing {i}" for i in range(1, 80)]))
    model.args = {"task": "detect"}
    path = folder / "yolo11n-untrained.pt"
    torch.save({"model": model, "train_args": {}}, path)
    return path


class Given:
    """A detector that does its work and then answers with boxes that were found before."""

    every_frame, habits, remarks = False, Habits(), ()

    def __init__(self, worker: StreamDetector, boxes: ReplayDetector) -> None:
        self.description = f"{worker.description}, boxes given"
        self._worker = worker
        self._boxes = boxes

    def detect(self, frames: Iterable[Frame]) -> list[sv.Detections]:
        """The boxes of each frame."""
        return [found for _, found in self.detected(frames)]

    def detected(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, sv.Detections]]:
        """Yield each frame with its boxes."""
        for frame, _ in self._worker.detected(frames):
            yield frame, self._boxes.detect([frame])[0]


def run_given(
    path: Path, weights: Path, boxes: Path, rate: float | None, clock_rate: float, out: Path
) -> None:
    """`dwellmap run`, with the boxes given (in a process of its own)."""
    settings = Settings()
    recording = open_recording(path, clock_rate=clock_rate)
    choice = choose_detector("yolo", weights, None, path, settings)
    given = DetectorChoice(
        "yolo", choice.identity, (),
        lambda *known: Given(choice.load(*known), ReplayDetector(boxes, recording.size_px)),
    )  # fmt: skip
    from dwellmap.appearance_choice import choose_embedder

    view = uncalibrated_view("camera", recording.size_px)
    embedder = choose_embedder("auto", recording)
    run_recording(recording, path, view, given, settings, out, Silent(), rate, clock_rate, embedder)


def limit(path: Path, weights: Path, clock_rate: float) -> dict[str, float]:
    """Seconds to decode all pictures and, for each picture, to run the network (in a process of its own)."""
    from tracker.letterbox import Letterbox, input_size
    from tracker.settings import YoloSettings
    from tracker.yolo import YoloDetector

    recording = open_recording(path, clock_rate=clock_rate)
    network = YoloDetector(weights, YoloSettings(), recording.size_px)._network
    frames = [frame.image_bgr for frame in recording.read(2.0) if frame.image_bgr is not None][:32]
    size = network.facts.input_px or input_size(recording.size_px, 640, 32)
    inputs = [Letterbox.fit(image, size).image_bgr for image in frames]
    list(network.infer(inputs))
    begin, used = time.perf_counter(), time.process_time()
    list(network.infer(inputs))
    model_s, model_cpu_s = time.perf_counter() - begin, time.process_time() - used
    begin, used = time.perf_counter(), time.process_time()
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        pictures = sum(1 for _ in container.decode(video=0))
    decode_s, decode_cpu_s = time.perf_counter() - begin, time.process_time() - used
    sampled = sum(1 for _ in recording.read(RATE))
    return {
        "decode_s": decode_s, "decode_cpu_s": decode_cpu_s, "model_s": model_s / len(inputs),
        "model_cpu_s": model_cpu_s / len(inputs), "pictures": pictures, "sampled": sampled,
    }  # fmt: skip


def scores(run: Path, truth_folder: Path, scale: float) -> str:
    """People / true and the attention error at 0.5 m of a run, or of tracks as MOTChallenge text.

    Boxes alone are judged, put on the floor by the truth's own homography; a run without a site has no floor
    that could be laid over the true one.
    """
    truth = load_truth(truth_folder)
    if run.is_dir():
        folder = RunFolder.open(run)
        tracks, log = folder.tracks(), folder.detections()
        frame = log.picture[np.searchsorted(log.t_s, tracks.t_s - 1e-9)]
        person, xyxy_px = tracks.scene_visit, tracks.xyxy_px
    else:
        rows = read_truth(run)
        frame, person, xyxy_px = rows.frame - 1, rows.person, rows.xyxy_px
    kept = frame < len(truth.t_s)
    nowhere = np.full((int(kept.sum()), 2), np.nan)
    found = Sightings(frame[kept], person[kept], xyxy_px[kept] / scale, nowhere)
    told = evaluate(truth, floor_by_truth(truth, found))
    return f"{told.people.people_ratio:.2f} | {100 * told.both[0].median:.0f} %"


HEATMAP, SUPERVISION = "ultralytics Heatmap", "supervision + trackers"
EVERY, SHIPPED = "Dwellmap, every picture", "Dwellmap as shipped"
WEIGHTS = {"int8": "INT8 folder", "untrained": "YOLO11n untrained (peers: .pt by torch; Dwellmap: exported)"}


@dataclass(frozen=True)
class Event:
    """A clip, so many times in a row, with one kind of weights, and who takes part."""

    clip: str
    weights: str
    loops: int = 1
    contestants: tuple[str, ...] = (HEATMAP, SUPERVISION, EVERY, SHIPPED)


# The boxes of the first serve the second.
EVENTS = {
    "concourse": Event("concourse 720p", "int8"),
    "concourse-untrained": Event("concourse 720p", "untrained"),
    "concourse-longer": Event("concourse 720p", "int8", 4, (HEATMAP, EVERY, SHIPPED)),
    "pets": Event("PETS 480x360", "int8"),
}


class Contest:
    """An event as it is held."""

    def __init__(self, options: argparse.Namespace, event: Event, folder: Path) -> None:
        self.event = event
        self.clip = CLIPS[event.clip]
        self.folder = folder
        self.path = (options.data / "video" / self.clip.file).resolve()
        if event.loops > 1:
            self.path = looped(self.path, event.loops, folder)
        self.int8 = (options.data / "models" / INT8).resolve()
        self.weights = self.int8 if event.weights == "int8" else untrained(folder)
        known = self.clip.truth is not None and event.loops == 1
        self.truth = options.data / "mot" / str(self.clip.truth) if known else None
        self.peers = str(Path(options.peers).absolute())
        self.boxes = folder / f"{self.path.stem}.parquet"
        with av.open(str(self.path)) as container:
            self.length_s = container.duration / av.time_base
            self.pictures = container.streams.video[0].frames
        self.results: dict[str, list[Spent]] = {}
        self.right: dict[str, str] = {}
        self.limits: list[dict[str, float]] = []
        self.versions = ""
        self.round_s = 0.0

    def round(self) -> None:
        """Every contestant once."""
        begin = time.perf_counter()
        # First, so that weights that are exported once for all have been when the others begin.
        _, told = spent(self.own("limit", self.path, self.weights, self.clip.clock_rate), self.folder)
        self.limits.append(json.loads(told))
        for label in self.event.contestants:
            if label in (HEATMAP, SUPERVISION):
                kind = "heatmap" if label == HEATMAP else "supervision"
                run = self.folder / f"{kind}.txt"
                command = [self.peers, str(ROOT / "benchmarks/peer_scripts.py"), kind]
                took, self.versions = spent(
                    [*command, *map(str, (self.path, self.weights, run))], self.folder
                )
            else:
                out = Path(tempfile.mkdtemp(dir=self.folder))
                took, _ = spent(self.dwellmap(0.0 if label == EVERY else RATE, out), self.folder)
                (run,) = (recipe.parent for recipe in out.glob("*/*/run.json"))
                if self.event.weights == "int8" and label == EVERY:
                    shutil.copyfile(run / "detections.parquet", self.boxes)
            self.note(label, took, run)
        self.round_s = time.perf_counter() - begin

    def dwellmap(self, rate: float, out: Path) -> list[str]:
        """The command of a user; with untrained weights, the same from Python."""
        if self.event.weights == "untrained":
            return self.own("given", self.path, self.weights, self.boxes, rate, self.clip.clock_rate, out)
        return [
            DWELLMAP, "run", str(self.path), "--weights", str(self.weights),
            "--out", str(out), "--quiet", "--sample-fps", f"{rate:g}",
            "--clock-rate", f"{self.clip.clock_rate:.7f}",
        ]  # fmt: skip

    def own(self, what: str, *arguments: object) -> list[str]:
        """This program as a contestant."""
        return [sys.executable, str(Path(__file__).resolve()), "--own", what, *map(str, arguments)]

    def note(self, label: str, took: Spent, run: Path) -> None:
        """Keep what it took, and once how right it was."""
        self.results.setdefault(label, []).append(took)
        print(
            f"{self.name}: {label}: {took.wall_s:.1f} s, processor {took.processor_s:.1f} s",
            file=sys.stderr, flush=True,
        )  # fmt: skip
        if self.truth is not None and self.event.weights == "int8" and label not in self.right:
            self.right[label] = scores(run, self.truth, self.clip.scale)

    @property
    def name(self) -> str:
        """What it is, for people."""
        return f"{self.event.clip}, {self.length_s:.1f} s"

    def show(self) -> None:
        """Print the table, as `docs/benchmarks.md` has it."""
        middle = {
            label: [statistics.median(getattr(run, key) for run in runs)
                    for key in ("wall_s", "processor_s", "memory_mib")]
            for label, runs in self.results.items()
        }  # fmt: skip
        limit_s = {label: self.limit(label, "model_s", "decode_s") for label in (EVERY, SHIPPED)}
        print(f"\n{WEIGHTS[self.event.weights]}, rounds: {len(self.limits)}\n")
        print(
            f"| {self.name} | wall s / s | times real time | processor s / s | MiB | wall / limit "
            "| Heatmap / wall | Heatmap / processor | people / true | attention error |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|")
        for label, (wall, processor, memory) in middle.items():
            least = limit_s[SHIPPED if label == SHIPPED else EVERY]
            print(
                f"| {label} | {wall / self.length_s:.3f} | {self.length_s / wall:.2f} "
                f"| {processor / self.length_s:.3f} | {memory:.0f} | {wall / least:.2f} "
                f"| {middle[HEATMAP][0] / wall:.2f} | {middle[HEATMAP][1] / processor:.2f} "
                f"| {self.right.get(label, '- | -')} |"
            )
        for label, words in ((EVERY, "every picture"), (SHIPPED, "as shipped")):
            wall, processor = limit_s[label], self.limit(label, "model_cpu_s", "decode_cpu_s")
            print(
                f"| limit, {words} | {wall / self.length_s:.3f} | {self.length_s / wall:.2f} "
                f"| {processor / self.length_s:.3f} | | 1.00 | | | | |"
            )
        model_ms = 1e3 * statistics.median(one["model_s"] for one in self.limits)
        print(f"\nNetwork {model_ms:.1f} ms a picture; peers: {self.versions}", flush=True)

    def limit(self, label: str, model: str, decode: str) -> float:
        """Seconds that decoding and the network take at least, for `EVERY` or `SHIPPED`."""
        looked = "pictures" if label == EVERY else "sampled"
        return statistics.median(one[decode] + one[looked] * one[model] for one in self.limits)


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--own"]:
        what, path, weights, *more = sys.argv[2:]
        if what == "limit":
            print(json.dumps(limit(Path(path), Path(weights), float(more[0]))))
        else:
            boxes, rate, clock_rate, out = more
            run_given(
                Path(path), Path(weights), Path(boxes), float(rate) or None, float(clock_rate), Path(out)
            )
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = os.environ.get("DWELLMAP_TEST_DATA", "../shared/data")
    parser.add_argument("--data", type=Path, default=Path(data))
    parser.add_argument("--peers", default=sys.executable, help="Python of the peers' environment")
    parser.add_argument("--rounds", type=int, default=3, help="at most, of each contest")
    parser.add_argument(
        "--minutes", type=float, default=11.0, help="no further round begins that would end later"
    )
    parser.add_argument("--events", nargs="+", choices=list(EVENTS), default=list(EVENTS))
    options = parser.parse_args()
    if "concourse-untrained" in options.events and "concourse" not in options.events:
        parser.error("concourse-untrained needs the boxes that concourse finds")
    options.events.sort(key=list(EVENTS).index)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{processor_name()}, {os.cpu_count()} cores, load before {load}", flush=True)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as named:
        contests = [Contest(options, EVENTS[event], Path(named)) for event in options.events]
        pace: dict[str, float] = {}  # seconds a picture and contestant, with the same weights
        for contest in contests:
            work = contest.pictures * (len(contest.event.contestants) + 1)
            expected_s = work * pace.get(contest.event.weights, 0.0)
            if time.monotonic() - begin + expected_s > 60 * options.minutes:
                print(f"\n{contest.name}, {contest.event.weights}: left out, no time", flush=True)
                continue
            contest.round()
            contest.show()
            pace[contest.event.weights] = contest.round_s / work
        for contest in contests:
            while 0 < len(contest.limits) < options.rounds:
                if time.monotonic() - begin + contest.round_s > 60 * options.minutes:
                    break
                contest.round()
            if len(contest.limits) > 1:
                contest.show()
    print("\nload after", ", ".join(f"{one:.1f}" for one in os.getloadavg()))


def processor_name() -> str:
    """As Linux tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
