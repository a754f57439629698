"""A folder of pictures: order, times, sizes, damage."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tracker.frames import Recording
from tracker.pictures import open_pictures, read_picture

SIZE = (48, 32)


def save(path: Path, level: int, size: tuple[int, int] = SIZE, **options: object) -> Path:
    path.parent.mkdir(exist_ok=True)
    image = np.full((size[1], size[0], 3), level, np.uint8)
    image[: size[1] // 2, : size[0] // 2] = (255, 0, 0)
    Image.fromarray(image).save(path, **options)  # type: ignore[arg-type]
    return path


def levels(frames: list[object]) -> list[int]:
    return [int(frame.image_bgr[-4:].mean().round()) for frame in frames]  # type: ignore[attr-defined]


def test_pictures_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for i in (10, 9, 1, 2, 11):
        save(tmp_path / f"shot{i}.png", 10 * i)
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / ".hidden.png").write_text("not a picture either")
    folder = open_pictures(tmp_path, picture_fps=2)
    assert isinstance(folder, Recording)
    assert folder.size_px == SIZE
    stream = folder.read(None)
    frames = list(stream)
    assert levels(frames) == [10, 20, 90, 100, 110]
    assert [frame.t_s for frame in frames] == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert folder.duration_s == 2.5
    assert stream.footage.observed_s == pytest.approx(np.array([[0.0, 2.5]]))
    assert (stream.footage.damaged, stream.footage.warnings) == (0, ())
    image = frames[0].image_bgr
    assert image is not None
    assert image.flags.c_contiguous
    assert image.dtype == np.uint8
    assert image[0, 0].tolist() == [0, 0, 255]  # red, in BGR


def test_times_come_from_the_names(tmp_path: Path) -> None:
    for second in (0, 1, 2, 40):
        save(tmp_path / f"cam_20260314_1015{second:02}.png", second)
    folder = open_pictures(tmp_path, time_zone="UTC", clock_rate=2.0)
    stream = folder.read(None)
    assert [frame.t_s for frame in stream] == [0.0, 2.0, 4.0, 80.0]
    assert folder.start == datetime(2026, 3, 14, 10, 15, tzinfo=UTC)
    assert folder.start_source == "file name"
    assert len(stream.footage.gaps_s) == 1
    told = open_pictures(tmp_path, start="2026-01-01T00:00Z")
    assert (told.start_source, told.pictures[-1].t_s) == ("option", 40.0)


def test_a_night_when_the_clocks_change_lasts_as_long_as_it_lasts(tmp_path: Path) -> None:
    save(tmp_path / "20260329_015900.png", 1)
    save(tmp_path / "20260329_030100.png", 2)  # two minutes later: the clock jumped from 2 to 3
    folder = open_pictures(tmp_path, time_zone="Europe/Berlin")
    assert [picture.t_s for picture in folder.pictures] == [0.0, 120.0]


def test_an_assumed_rate_is_told(tmp_path: Path) -> None:
    for i in range(3):
        save(tmp_path / f"{i:06}.jpg", 50)
    stream = open_pictures(tmp_path).read(None)
    assert [frame.t_s for frame in stream] == [0.0, 0.04, 0.08]
    assert "25 a second was assumed" in stream.footage.warnings[0]
    assert open_pictures(tmp_path, picture_fps=25).read(None).footage.warnings == ()


def test_names_that_share_a_second_are_no_clock(tmp_path: Path) -> None:
    for i in range(3):
        save(tmp_path / f"20260314_101500_{i}.png", 50)
    folder = open_pictures(tmp_path, time_zone="UTC")
    assert [picture.t_s for picture in folder.pictures] == [0.0, 0.04, 0.08]
    assert folder.start == datetime(2026, 3, 14, 10, 15, tzinfo=UTC)
    assert any("assumed" in note for note in folder.notes)


def test_only_sampled_pictures_are_decoded(tmp_path: Path) -> None:
    for i in range(10):
        save(tmp_path / f"{i}.png", i)
    folder = open_pictures(tmp_path, picture_fps=10)
    (tmp_path / "3.png").write_bytes(b"damaged after opening")
    stream = folder.read(2)
    assert [frame.index for frame in stream] == [0, 5]
    assert (stream.footage.frames, stream.footage.damaged) == (10, 0)


def test_damaged_pictures_are_skipped_counted_and_named(tmp_path: Path) -> None:
    for i in range(6):
        save(tmp_path / f"{i}.jpg", 40 * i)
    whole = (tmp_path / "1.jpg").read_bytes()
    (tmp_path / "1.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "2.jpg").write_bytes(b"")
    save(tmp_path / "4.jpg", 0, size=(32, 48))
    stream = open_pictures(tmp_path, picture_fps=1).read(None)
    assert [frame.index for frame in stream] == [0, 3, 5]
    footage = stream.footage
    assert (footage.frames, footage.damaged) == (3, 3)
    said = "\n".join(footage.warnings)
    assert "1.jpg" in said
    assert "4.jpg: expected 48x32 like the first picture, got 32x48" in said
    assert "3 pictures were damaged or missing" in said


def test_a_damaged_picture_leaves_its_tick_to_the_next(tmp_path: Path) -> None:
    for i in range(10):
        save(tmp_path / f"{i}.png", i)
    (tmp_path / "5.png").write_bytes(b"")
    assert [frame.index for frame in open_pictures(tmp_path, picture_fps=10).read(2)] == [0, 6]


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown a quarter turn to the right of how it is stored
    save(tmp_path / "1.png", 90)
    turned = save(tmp_path / "2.jpg", 90, exif=exif, quality=95)
    image = read_picture(turned, (SIZE[1], SIZE[0]))
    assert image.shape == (SIZE[0], SIZE[1], 3)
    assert image[2, -3].tolist() == pytest.approx([0, 0, 255], abs=12)  # top left went to top right


def test_grey_and_transparent_pictures_become_bgr(tmp_path: Path) -> None:
    Image.new("L", SIZE, 77).save(tmp_path / "1.png")
    Image.new("RGBA", SIZE, (10, 20, 30, 255)).save(tmp_path / "2.png")
    frames = list(open_pictures(tmp_path, picture_fps=1).read(None))
    assert [frame.image_bgr[0, 0].tolist() for frame in frames if frame.image_bgr is not None] == [
        [77, 77, 77],
        [30, 20, 10],
    ]


def test_the_hash_knows_names_and_bytes_but_not_the_folder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        for i in range(2):
            save(tmp_path / name / f"{i}.png", 5 * i)
    first, second = (open_pictures(tmp_path / name, picture_fps=1).content_hash for name in ("one", "two"))
    assert first == second
    (tmp_path / "two" / "1.png").rename(tmp_path / "two" / "7.png")
    assert open_pictures(tmp_path / "two", picture_fps=1).content_hash != first


def test_huge_pictures_are_refused_from_their_header(tmp_path: Path) -> None:
    huge = tmp_path / "1.png"
    Image.new("1", (12_000, 12_000)).save(huge)
    with pytest.raises(ValueError, match="at most 64 megapixels"):
        open_pictures(tmp_path, picture_fps=1)


def test_folders_without_readable_pictures(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected pictures"):
        open_pictures(tmp_path)
    (tmp_path / "1.png").write_text("text")
    with pytest.raises(ValueError, match="expected readable pictures, got none; the first"):
        open_pictures(tmp_path)
    with pytest.raises(ValueError, match="picture_fps: expected a number above 0"):
        open_pictures(tmp_path, picture_fps=0)


def test_a_decoder_that_is_not_there_is_a_damaged_picture(tmp_path, monkeypatch):
    """Once ultralytics is loaded, Pillow asks for a decoder of HEIF where it knows no format."""

    def lacking(*_, **__):
        raise ModuleNotFoundError("No module named 'pi_heif'")

    monkeypatch.setattr("PIL.Image.open", lacking)
    (tmp_path / "1.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match="expected a picture, got"):
        read_picture(tmp_path / "1.png", (4, 4))
