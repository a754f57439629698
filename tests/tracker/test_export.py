"""A checkpoint exported once: the same answers as torch, kept beside the weights, made anew where damaged."""

import json
import shutil

import numpy as np
import pytest

from tracker import computing as choice
from tracker import export
from tracker.computing import Computing, computing
from tracker.export import Export
from tracker.frames import Frame
from tracker.settings import YoloSettings
from tracker.yolo import YoloDetector

SIZE_PX = (96, 64)
F32 = YoloSettings(precision="f32", runtime="openvino", input_px=320)
# A 16:9 picture whose longer side is 320 px.
NAME = "320x192"


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A folder with untrained weights that have been exported once."""
    from tracker.third_party import load_ultralytics

    tasks = load_ultralytics("ultralytics.nn.tasks")
    import torch

    torch.manual_seed(0)
    model = tasks.DetectionModel("yolo11n.yaml", verbose=False)
    model.names = dict(enumerate(["person"] + [f"thing {i}" for i in range(1, 80)]))
    folder = tmp_path_factory.mktemp("exported")
    torch.save({"model": model}, folder / "yolo11n.pt")
    YoloDetector(folder / "yolo11n.pt", F32, (1280, 720))
    return folder


@pytest.fixture
def weights(made, tmp_path, monkeypatch):
    """The same, to be spoilt; exporting again is not allowed unless the test allows it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return shutil.copytree(made, tmp_path / "models") / "yolo11n.pt"


def exports(weights):
    return sorted(one.name for one in weights.with_name(f"{weights.name}.openvino").iterdir())


@pytest.fixture
def no_export(monkeypatch):
    def refuse(_self):
        raise AssertionError("exported again")

    monkeypatch.setattr(Export, "_exported", refuse)


@pytest.fixture
def quick_export(monkeypatch):
    """Exports a network of one layer."""
    from tracker.third_party import load_openvino

    ov = load_openvino()

    def quick(self):
        width, height = self._input_px
        picture = ov.opset13.parameter([1, 3, height, width], ov.Type.f32)
        return ov.Model([ov.opset13.relu(picture)], [picture]), {"names": {0: "person"}, "task": "detect"}

    monkeypatch.setattr(Export, "_exported", quick)


def noise(seed):
    return np.random.default_rng(seed).integers(0, 256, (192, 320, 3), dtype=np.uint8)


def test_openvino_answers_what_torch_answers(weights, no_export):
    ours = YoloDetector(weights, F32, (1280, 720))
    reference = YoloDetector(weights, F32.model_copy(update={"runtime": "torch"}))
    assert ours.description == "YOLO11n (OpenVINO, 320x192)"
    assert reference.description == "YOLO11n (torch, 320 px)"
    pictures = [noise(seed) for seed in range(5)]
    for one, other in zip(ours._network.infer(pictures), reference._network.infer(pictures), strict=True):
        assert one.shape == other.shape == (84, 1260)
        # Box sides reach 320 px, scores 1: float32 has seven digits.
        np.testing.assert_allclose(one[:4], other[:4], atol=2e-2)
        np.testing.assert_allclose(one[4:], other[4:], atol=1e-5)


def test_the_answer_does_not_depend_on_company(weights, no_export):
    network = YoloDetector(weights, F32, (1280, 720))._network
    pictures = [noise(seed) for seed in range(9)]
    alone = [next(network.infer([picture])) for picture in pictures]
    for one, other in zip(network.infer(pictures), alone, strict=True):
        np.testing.assert_array_equal(one, other)
    # Two that take turns, and one that is given up half-way, do not disturb each other.
    first, second = network.infer(pictures), network.infer(pictures[::-1])
    for k in range(4):
        np.testing.assert_array_equal(next(first), alone[k])
        np.testing.assert_array_equal(next(second), alone[8 - k])
    first.close()
    for k in range(4, 9):
        np.testing.assert_array_equal(next(second), alone[8 - k])


def test_batches_for_a_graphics_card_are_filled_up_and_the_filling_is_dropped(weights):
    network = YoloDetector(weights, F32.model_copy(update={"runtime": "torch"}))._network
    pictures = [noise(seed) for seed in range(6)]
    alone = list(network.infer(pictures))
    network._batch = 4
    together = list(network.infer(iter(pictures)))
    assert len(together) == 6
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-2)
    np.testing.assert_array_equal(next(network.infer(pictures[4:5])), together[4])
    assert list(network.infer([])) == []


def test_bfloat16_is_near(weights, no_export, monkeypatch):
    exact = YoloDetector(weights, F32, (1280, 720))
    monkeypatch.setattr(choice, "_has_bfloat16", lambda: True)
    rough = YoloDetector(weights, F32.model_copy(update={"precision": "fastest"}), (1280, 720))
    assert rough.description == "YOLO11n (OpenVINO bf16, 320x192)"
    one, other = next(rough._network.infer([noise(0)])), next(exact._network.infer([noise(0)]))
    np.testing.assert_allclose(one[4:], other[4:], atol=0.01)


def test_it_is_made_once_for_a_content_whatever_the_name(weights, no_export):
    (name,) = exports(weights)
    assert name.endswith(NAME)
    YoloDetector(weights, F32, (640, 360))
    renamed = weights.with_name("people.pt")
    weights.with_name("yolo11n.pt.openvino").rename(weights.with_name("people.pt.openvino"))
    weights.rename(renamed)
    YoloDetector(renamed, F32, (1280, 720))


def test_other_weights_and_other_sizes_have_their_own(weights, quick_export):
    Export(weights, SIZE_PX).make()
    weights.write_bytes(weights.read_bytes() + b"x")
    assert Export(weights, SIZE_PX).find() is None
    Export(weights, SIZE_PX).make()
    assert len(exports(weights)) == 3
    assert Export(weights, (64, 64)).find() is None


@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "no digest", "digest is a list"])
def test_a_damaged_one_is_made_again(weights, quick_export, damage):
    Export(weights, SIZE_PX).make()
    kept = Export(weights, SIZE_PX).find()
    model = kept / "model.xml"
    whole = model.read_bytes()
    if damage == "cut":
        model.write_bytes(whole[: len(whole) // 2])
    elif damage == "changed":
        model.write_bytes(whole[:-1] + b" ")
    elif damage == "gone":
        model.unlink()
    elif damage == "no digest":
        (kept / "digest.json").unlink()
    else:
        (kept / "digest.json").write_text(json.dumps([1]))
    assert Export(weights, SIZE_PX).find() is None
    Export(weights, SIZE_PX).make()
    assert Export(weights, SIZE_PX).find() == kept
    assert not [name for name in exports(weights) if name.startswith(".")], "drafts must go"


def test_where_nothing_can_be_written_it_goes_to_the_cache_or_is_not_kept(weights, quick_export, tmp_path):
    shutil.rmtree(weights.with_name("yolo11n.pt.openvino"))
    # A file in the way: a folder without the right to write would not stop root.
    weights.with_name("yolo11n.pt.openvino").write_text("in the way")
    Export(weights, SIZE_PX).make()
    kept = Export(weights, SIZE_PX).find()
    assert kept.parent == tmp_path / "cache/dwellmap/models/exports"
    shutil.rmtree(kept.parent)
    kept.parent.write_text("in the way, too")
    model, metadata = Export(weights, SIZE_PX).make()
    assert model.input(0).partial_shape.to_shape() == [1, 3, 64, 96]
    assert metadata["names"] == {0: "person"}
    assert Export(weights, SIZE_PX).find() is None


def test_those_not_used_for_longest_go_and_nothing_else(weights, quick_export, monkeypatch):
    monkeypatch.setattr(export, "MOST_EXPORTS", 2)
    other = weights.with_name("yolo11n.pt.openvino") / "notes"
    other.mkdir()
    for k, size in enumerate([(32, 32), (64, 32), (96, 32)]):
        Export(weights, size).make()
        if k == 1:
            assert Export(weights, (32, 32)).find() is not None
    assert [name.partition("-")[2] for name in exports(weights) if name != "notes"] == ["32x32", "96x32"]
    assert other.is_dir()


def test_what_computes_what(monkeypatch, tmp_path):
    monkeypatch.setattr(choice, "_has_graphics_card", lambda: False)
    monkeypatch.setattr(choice, "_has_bfloat16", lambda: True)
    pt, onnx, exact = tmp_path / "a.pt", tmp_path / "a.onnx", YoloSettings()
    fast = YoloSettings(precision="fastest")
    assert computing(pt, fast) == Computing("OpenVINO", "bf16")
    assert computing(pt, exact) == Computing("OpenVINO", "f32")
    assert computing(onnx, fast.model_copy(update={"runtime": "torch"})) == Computing("OpenVINO", "bf16")
    assert computing(pt, fast.model_copy(update={"runtime": "torch"})) == Computing("torch", "f32")
    monkeypatch.setattr(choice, "_has_bfloat16", lambda: False)
    assert computing(pt, fast) == Computing("OpenVINO", "f32")
    monkeypatch.setattr(choice, "_has_graphics_card", lambda: True)
    assert computing(pt, fast) == Computing("torch", "f16", "cuda")
    assert computing(pt, exact) == Computing("torch", "f32", "cuda")
    assert computing(pt, fast.model_copy(update={"runtime": "openvino"})) == Computing("OpenVINO", "f32")
    assert computing(onnx, fast) == Computing("OpenVINO", "f32")
    assert str(Computing("torch", "f16", "cuda")) == "torch cuda f16"


def test_frames_are_found_in_whatever_their_size(weights, no_export):
    detector = YoloDetector(weights, F32.model_copy(update={"min_score": 0.0}), (1280, 720))
    tall = Frame(0.0, 0, np.random.default_rng(0).integers(0, 256, (400, 200, 3), dtype=np.uint8))
    (found,) = detector.detect([tall])
    assert len(found)
    assert np.all(found.xyxy <= [200, 400, 200, 400])
