"""YOLO: exact decoding on a network with known answers, safe loading, real weights, a closed network."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.association import iou
from tracker.frames import Frame
from tracker.letterbox import as_blob
from tracker.mot import read_truth
from tracker.settings import YoloSettings
from tracker.yolo import YoloDetector, without_duplicates

ROOT = Path(__file__).resolve().parents[2]
NAMES = "{0: 'cat', 1: 'person'}"


# A network with known answers: an ONNX file whose output is a constant, written here byte by byte.


def varint(number):
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])


def field(number, value):
    """One field of a protocol buffer: an int, or text or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def tensor(name, array):
    dims = b"".join(field(1, n) for n in array.shape)
    return dims + field(2, 1) + field(8, name) + field(9, array.astype("<f4").tobytes())


def value_info(name, shape):
    dims = b"".join(field(1, field(1, n)) for n in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))


def node(operation, inputs, output):
    keep = field(5, field(1, "keepdims") + field(3, 0) + field(20, 2)) if operation == "ReduceMax" else b""
    names = b"".join(field(1, n) for n in inputs) + field(2, output)
    return field(1, names + field(4, operation) + keep)


def write_onnx(path, answer, metadata):
    """A network of 64 x 64 pixels that always answers `answer`, shape (1, a, b)."""
    graph = (
        node("ReduceMax", ["images"], "brightest")
        + node("Mul", ["brightest", "zero"], "nothing")
        + node("Add", ["nothing", "answer"], "output0")
        + field(2, "constant")
        + field(5, tensor("zero", np.zeros(1)))
        + field(5, tensor("answer", answer))
        + field(11, value_info("images", (1, 3, 64, 64)))
        + field(12, value_info("output0", answer.shape))
    )
    properties = b"".join(field(14, field(1, k) + field(2, v)) for k, v in metadata.items())
    path.write_bytes(field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13)) + properties)
    return path


def dense(*columns):
    """An answer of 40 anchors: (centre x, centre y, width, height, cat, person) in input pixels."""
    answer = np.zeros((1, 6, 40))
    answer[0, :, : len(columns)] = np.array(columns).T
    return answer


def picture(width=640, height=360, index=0, value=90):
    return Frame(t_s=index / 8, index=index, image_bgr=np.full((height, width, 3), value, dtype=np.uint8))


@pytest.fixture
def known(tmp_path):
    def make(answer, settings=None, **metadata):
        stated = {"names": NAMES, "task": "detect", "description": "Ultralytics YOLO11x model"} | metadata
        stated = {k: v for k, v in stated.items() if v is not None}
        return YoloDetector(write_onnx(tmp_path / "net.onnx", answer, stated), settings)

    return make


def test_boxes_come_back_in_picture_pixels_best_first(known):
    found = known(dense([32, 32, 10, 20, 0, 0.6], [10, 30, 4, 8, 0.1, 0.9])).detect([picture()])[0]
    np.testing.assert_allclose(found.xyxy, [[80, 120, 120, 200], [270, 80, 370, 280]], atol=1e-3)
    np.testing.assert_allclose(found.confidence, [0.9, 0.6])
    assert found.xyxy.dtype == np.float32
    assert found.class_id.tolist() == [0, 0]


def test_only_people_and_only_from_min_score(known):
    answer = dense([32, 32, 10, 20, 0.95, 0.05], [10, 30, 4, 8, 0.9, 0.3])
    assert known(answer).detect([picture()])[0].confidence.tolist() == pytest.approx([0.3])
    assert len(known(answer, YoloSettings(min_score=0.4)).detect([picture()])[0]) == 0


def test_boxes_end_at_the_picture(known):
    found = known(dense([2, 20, 20, 20, 0, 0.9], [32, 3, 10, 4, 0, 0.9])).detect([picture()])[0]
    np.testing.assert_allclose(found.xyxy, [[0, 0, 120, 160]], atol=1e-3)


def test_one_of_two_boxes_of_a_person(known):
    pair = dense([32, 32, 10, 20, 0, 0.8], [32.5, 32, 10, 20, 0, 0.9], [50, 32, 10, 20, 0, 0.7])
    assert known(pair).detect([picture()])[0].confidence.tolist() == pytest.approx([0.9, 0.7])
    few = known(pair, YoloSettings(nms_iou=1.0, max_people=2))
    assert few.detect([picture()])[0].confidence.tolist() == pytest.approx([0.9, 0.8])


def test_a_network_that_sees_to_duplicates_itself(known):
    answer = np.zeros((1, 20, 6))
    answer[0, :3] = [[27, 22, 37, 42, 0.7, 1], [27, 22, 37, 42, 0.6, 1], [0, 20, 9, 40, 0.9, 0]]
    found = known(answer).detect([picture()])[0]
    np.testing.assert_allclose(found.xyxy, [[270, 80, 370, 280]] * 2, atol=1e-3)
    np.testing.assert_allclose(found.confidence, [0.7, 0.6])


def test_what_it_says_of_itself(known):
    f32 = YoloSettings(precision="f32")
    assert known(dense(), f32).description == "YOLO11x (OpenVINO, 64x64)"
    assert known(dense(), f32, description=None).description == "net (OpenVINO, 64x64)"


def test_a_frame_without_a_picture(known):
    with pytest.raises(ValueError, match="--detector replay"):
        known(dense()).detect([Frame(0.0, 0, None)])


boxes_and_scores = st.lists(
    st.tuples(
        st.integers(0, 60), st.integers(0, 60), st.integers(5, 40), st.integers(5, 40), st.integers(1, 999)
    ),
    max_size=25,
    unique_by=lambda row: row[4],
)


@settings(max_examples=60, deadline=None)
@given(boxes_and_scores, st.sampled_from([0.3, 0.5, 0.7]))
def test_suppression_is_the_greedy_one(rows, most_iou):
    rows = np.array(rows, dtype=np.float64).reshape(-1, 5)
    boxes, score = np.hstack([rows[:, :2], rows[:, :2] + rows[:, 2:4]]), rows[:, 4] / 1000
    expected = []
    for i in np.argsort(-score):
        overlap = iou(boxes[[i]], boxes[expected])[0]
        # The library counts in float32: what is within its rounding may fall either way.
        if np.any(np.abs(overlap - most_iou) < 1e-5):
            return
        if np.all(overlap <= most_iou):
            expected.append(int(i))
    assert without_duplicates(boxes, score, most_iou, 300).tolist() == expected


# Weights that are not ours to run


def test_a_network_that_ultralytics_did_not_export(data):
    with pytest.raises(
        ValueError, match=r"yolox_nano\.onnx: expected weights exported by ultralytics.*yolo export"
    ):
        YoloDetector(data / "models/yolox_nano.onnx")


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"names": None}, "expected weights exported by ultralytics"),
        ({"names": "{0: 'cat', 1: 'dog'}"}, "expected weights that know people, these know cat, dog"),
        ({"names": "!!python/object/apply:os.system ['touch bad']"}, "expected names of classes"),
        ({"task": "classify"}, "got the task 'classify'"),
    ],
)
def test_metadata_that_do_not_fit(known, metadata, message):
    with pytest.raises(ValueError, match=message):
        known(dense(), **metadata)


def test_files_that_are_no_weights(tmp_path):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"hello")
    other = tmp_path / "weights.txt"
    other.touch()
    with pytest.raises(ValueError, match="expected a network that OpenVINO can read"):
        YoloDetector(broken)
    with pytest.raises(ValueError, match=r"expected a \.pt checkpoint"):
        YoloDetector(other)
    with pytest.raises(ValueError, match=r"one \.xml"):
        YoloDetector(tmp_path)
    with pytest.raises(FileNotFoundError, match="no such weights"):
        YoloDetector(tmp_path / "none.pt")


# Checkpoints


@pytest.fixture(scope="session")
def untrained(tmp_path_factory):
    """A checkpoint as training leaves it: the whole model, in half precision, and what is around it."""
    from tracker.third_party import load_ultralytics

    tasks = load_ultralytics("ultralytics.nn.tasks")
    import torch

    torch.manual_seed(0)
    model = tasks.DetectionModel("yolo11n.yaml", verbose=False)
    model.names = dict(enumerate(["person"] + [f"thing {i}" for i in range(1, 80)]))
    path = tmp_path_factory.mktemp("weights") / "yolo11n.pt"
    around = {"epoch": -1, "ema": None, "optimizer": None, "version": "8", "date": "today"}
    around |= {"train_args": {"data": Path("/a/b")}, "train_metrics": {"map": np.float64(0.5)}}
    torch.save(around | {"model": model.half()}, path)
    return path


def test_a_checkpoint_computes_what_ultralytics_computes(untrained):
    import torch

    detector = YoloDetector(untrained, YoloSettings(min_score=0.0, runtime="torch", precision="f32"))
    assert detector.description == "YOLO11n (torch, 640 px)"
    image = np.random.default_rng(1).integers(0, 256, (384, 640, 3), dtype=np.uint8)
    blob = as_blob(image)
    theirs = (
        torch.load(untrained, weights_only=False)["model"].float().fuse(verbose=False).eval()
    )  # our own file
    with torch.inference_mode():
        expected = theirs(torch.from_numpy(blob))[0][0].numpy()
    assert expected.shape == (84, 5040)
    np.testing.assert_array_equal(next(detector._network.infer([image])), expected)
    assert len(detector.detect([picture()])[0]) > 0


class Attack:
    """Runs a command when a careless reader unpickles it."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def test_a_malicious_pickle_is_refused_and_does_not_run(tmp_path, untrained):
    import torch

    sign = tmp_path / "it ran"
    attack = Attack(os.system, f"touch '{sign}'")
    path = tmp_path / "stranger.pt"
    torch.save({"model": attack}, path)
    with pytest.raises(ValueError, match=r"stranger\.pt: refused.*posix\.system.*yolo export"):
        YoloDetector(path)
    good = torch.load(untrained, weights_only=False)
    torch.save(good | {"train_metrics": attack}, path)
    with pytest.raises(ValueError, match="refused"):
        YoloDetector(path)
    assert not sign.exists()
    torch.load(path, weights_only=False)
    assert sign.exists(), "the attack must work on a careless reader, or this test shows nothing"


def test_no_constructor_of_a_known_layer_runs_with_the_arguments_of_the_file(tmp_path):
    """The class of models is on the list, and making one from a text reads the file of that name."""
    import torch

    from tracker.third_party import load_ultralytics

    tasks = load_ultralytics("ultralytics.nn.tasks")
    path = tmp_path / "stranger.pt"
    torch.save({"model": Attack(tasks.DetectionModel, "https://example.org/model.yaml")}, path)
    with pytest.raises(ValueError, match=r"refused.*it calls ultralytics\.nn\.tasks\.DetectionModel"):
        YoloDetector(path)


@pytest.mark.parametrize("content", ["nothing", "no zip", "half", "a pickle", "other data", "other names"])
def test_damaged_and_other_checkpoints(tmp_path, untrained, content):
    import torch

    path = tmp_path / "some.pt"
    whole = untrained.read_bytes()
    if content == "a pickle":
        path.write_bytes(pickle.dumps({"model": 1}))
    elif content == "other data":
        torch.save({"model": {"weight": torch.zeros(3)}}, path)
    elif content == "other names":
        other = torch.load(untrained, weights_only=False)
        other["model"].names = ["cat", "dog"]
        torch.save(other, path)
    else:
        path.write_bytes({"nothing": b"", "no zip": b"hello" * 99, "half": whole[: len(whole) // 2]}[content])
    with pytest.raises(ValueError, match=r"some\.pt: expected"):
        YoloDetector(path)


# Real weights, real footage


@pytest.fixture(scope="module")
def real(data):
    return YoloDetector(data / "models/yolo11n_int8_openvino_model", YoloSettings(precision="f32"))


def pets(data, step):
    av = pytest.importorskip("av")
    with av.open(str(data / "video/pets09_s2l1_view001_480x360.mp4")) as container:
        for index, decoded in enumerate(container.decode(video=0)):
            if index % step == 0:
                yield Frame(t_s=index / 7, index=index, image_bgr=decoded.to_ndarray(format="bgr24"))


def average_precision(detector, frames, truth, scale):
    """AP at IoU 0.5: the area under the highest precision at each recall."""
    hits, people = [], 0
    for frame in frames:
        (found,) = detector.detect([frame])
        true = truth.xyxy_px[truth.frame == frame.index + 1] * scale
        people += len(true)
        overlap = iou(found.xyxy.astype(np.float64), true)
        for row, score in zip(overlap, found.confidence, strict=True):
            best = int(np.argmax(row)) if len(row) else -1
            hit = best >= 0 and row[best] >= 0.5
            if hit:
                overlap[:, best] = 0
            hits.append((score, hit))
    hits = np.array(sorted(hits, reverse=True))
    right = np.cumsum(hits[:, 1])
    precision = np.maximum.accumulate((right / np.arange(1, len(hits) + 1))[::-1])[::-1]
    return float(np.sum(np.diff(right / people, prepend=0) * precision))


def test_people_on_pets(real, data):
    truth = read_truth(data / "mot/PETS09-S2L1/gt/gt.txt")
    assert real.description == "YOLO11n (OpenVINO, 640x640)"
    assert average_precision(real, pets(data, 40), truth, 0.625) > 0.88


@pytest.mark.slow
def test_bfloat16_finds_as_many_people(real, data, monkeypatch):
    monkeypatch.setattr("tracker.computing._has_bfloat16", lambda: True)
    rough = YoloDetector(data / "models/yolo11n_int8_openvino_model", YoloSettings(precision="fastest"))
    assert rough.description == "YOLO11n (OpenVINO bf16, 640x640)"
    truth = read_truth(data / "mot/PETS09-S2L1/gt/gt.txt")
    # Of 80 pictures the two differ by 0.7 points by chance alone, of these 398 by 0.07.
    exact, near = (average_precision(one, pets(data, 2), truth, 0.625) for one in (real, rough))
    assert near == pytest.approx(exact, abs=0.005)


# Nothing leaves this machine, nothing is written


SPY = """
import socket, subprocess, sys, json
tried = []
def refuse(*arguments, **_):
    tried.append(repr(arguments[-1])[:200])
    raise OSError("the network is closed")
for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, refuse)
socket.getaddrinfo = socket.gethostbyname = refuse
began = []
start = subprocess.Popen.__init__
def watched(self, command, *arguments, **options):
    began.append(command if isinstance(command, str) else " ".join(map(str, command)))
    start(self, command, *arguments, **options)
subprocess.Popen.__init__ = watched
import numpy as np
from pathlib import Path
from tracker.yolo import YoloDetector
from tracker.frames import Frame
at_start = "ultralytics" in sys.modules or "openvino" in sys.modules or "torch" in sys.modules
for weights in sys.argv[1:]:
    YoloDetector(Path(weights)).detect([Frame(0.0, 0, np.zeros((90, 160, 3), np.uint8))])
loaded = sorted({"ultralytics", "openvino", "torchvision"} & set(sys.modules))
print(json.dumps({"tried": tried, "began": began, "at_start": at_start, "loaded": loaded}))
"""


def test_with_the_network_closed_nothing_is_even_tried(data, untrained, tmp_path):
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    weights = [data / "models/yolo11n_int8_openvino_model", untrained]
    clean = {
        k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "YOLO_", "CI", "GITHUB_", "PYTEST_"))
    }
    done = subprocess.run(
        [sys.executable, "-c", SPY, *map(str, weights)],
        cwd=here,
        env=clean | {"HOME": str(home), "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["tried"] == []
    assert not [command for command in answer["began"] if "pip" in command]
    assert not answer["at_start"], "the libraries must be loaded when asked for, not before"
    assert answer["loaded"] == ["openvino", "ultralytics"]
    assert list(home.rglob("*")) == []
    assert list(here.rglob("*")) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["here", "home"], "temporary folders must go"
