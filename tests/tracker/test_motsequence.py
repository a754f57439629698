"""A MOTChallenge folder as a recording, with and without pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tracker.frames import Recording
from tracker.motsequence import is_mot_folder, open_mot_sequence

INI = """[Sequence]
name=test
imDir=img1
frameRate=7
seqLength=20
imWidth=48
imHeight=32
imExt=.png
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "SEQ-01"
    (path / "det").mkdir(parents=True)
    (path / "seqinfo.ini").write_text(INI)
    (path / "det" / "det.txt").write_text("1,-1,1,2,3,4,0.9\n")
    return path


def test_without_pictures_every_frame_has_its_time(folder: Path) -> None:
    sequence = open_mot_sequence(folder, clock_rate=2.0)
    assert isinstance(sequence, Recording)
    assert is_mot_folder(folder)
    assert (sequence.name, sequence.size_px, sequence.frame_rate, sequence.length) == (
        "SEQ-01",
        (48, 32),
        7,
        20,
    )
    assert sequence.duration_s == pytest.approx(40 / 7)
    stream = sequence.read(None)
    frames = list(stream)
    assert [frame.t_s for frame in frames] == [n / 7 * 2.0 for n in range(20)]
    assert [frame.index for frame in frames] == list(range(20))  # text frame n is index n - 1
    assert all(frame.image_bgr is None for frame in frames)
    assert stream.footage.observed_s == pytest.approx(np.array([[0, 40 / 7]]))
    assert (stream.footage.frames, stream.footage.damaged, stream.footage.warnings) == (20, 0, ())


def test_sampling(folder: Path) -> None:
    sequence = open_mot_sequence(folder)
    assert [frame.index for frame in sequence.read(1)] == [0, 7, 14]
    assert len(list(sequence.read(8))) == 20


def test_pictures_are_read_by_their_numbers_and_missing_ones_counted(folder: Path) -> None:
    (folder / "img1").mkdir()
    for n in range(1, 21):
        if n not in (3, 4):
            Image.new("RGB", (48, 32), (n, 0, 0)).save(folder / "img1" / f"{n:06}.png")
    stream = open_mot_sequence(folder).read(None)
    frames = list(stream)
    assert [frame.index + 1 for frame in frames] == [1, 2, *range(5, 21)]
    assert [frame.image_bgr[0, 0, 2] for frame in frames if frame.image_bgr is not None] == [
        1, 2, *range(5, 21)
    ]  # fmt: skip
    assert frames[2].t_s == pytest.approx(4 / 7)
    assert stream.footage.damaged == 2
    assert "2 pictures were damaged or missing" in stream.footage.warnings[0]


def test_pictures_may_lie_beside_seqinfo(folder: Path) -> None:
    (folder / "seqinfo.ini").write_text(
        INI.replace("imDir=img1", "imDir=.").replace("seqLength=20", "seqLength=2")
    )
    for n in (1, 2):
        Image.new("RGB", (48, 32), (n, 0, 0)).save(folder / f"{n:06}.png")
    sequence = open_mot_sequence(folder)
    assert [frame.t_s for frame in sequence.read(None)] == [0.0, 1 / 7]
    assert sequence.content_hash


def test_hash_sees_detections_and_ignores_the_folders_name(folder: Path) -> None:
    before = open_mot_sequence(folder).content_hash
    moved = folder.rename(folder.with_name("renamed"))
    assert open_mot_sequence(moved).content_hash == before
    (moved / "det" / "det.txt").write_text("1,-1,1,2,3,4,0.8\n")
    assert open_mot_sequence(moved).content_hash != before


def test_all_faults_of_seqinfo_are_named_at_once(folder: Path) -> None:
    (folder / "seqinfo.ini").write_text(
        "[Sequence]\nframeRate=fast\nseqLength=2.5\nimHeight=-3\nimExt=.exe\nimDir=../other\n"
    )
    with pytest.raises(ValueError, match=r"seqinfo\.ini") as fault:
        open_mot_sequence(folder)
    for word in ("frameRate", "seqLength", "imWidth", "imHeight", "imExt", "imDir"):
        assert word in str(fault.value)


@pytest.mark.parametrize("text", ["", "frameRate=7", "[Other]\na=1\n", "[Sequence\n", "\x00\xff" * 9])
def test_seqinfo_that_is_none(folder: Path, text: str) -> None:
    (folder / "seqinfo.ini").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match="expected a"):
        open_mot_sequence(folder)


def test_absurd_sizes_and_lengths_are_refused(folder: Path) -> None:
    (folder / "seqinfo.ini").write_text(INI.replace("imWidth=48", "imWidth=9999999"))
    with pytest.raises(ValueError, match="megapixels"):
        open_mot_sequence(folder)
    (folder / "seqinfo.ini").write_text(INI.replace("seqLength=20", "seqLength=1e15"))
    with pytest.raises(ValueError, match="seqLength: expected at most"):
        open_mot_sequence(folder)


@pytest.mark.parametrize(
    ("name", "length", "rate"),
    [("PETS09-S2L1", 795, 7), ("MOT17-05", 837, 14), ("TUD-Campus", 71, 25), ("MOT17-13", 750, 25)],
)
def test_real_sequences(data: Path, name: str, length: int, rate: int) -> None:
    sequence = open_mot_sequence(data / "mot" / name)
    stream = sequence.read(None)
    frames = list(stream)
    assert (sequence.name, len(frames)) == (name, length)
    assert frames[-1].t_s == pytest.approx((length - 1) / rate)
    assert stream.footage.observed_time_s == pytest.approx(length / rate)
    assert sequence.duration_s == pytest.approx(length / rate)
