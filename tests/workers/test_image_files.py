"""From files of images to their pixels."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.workers.vision_weights import picture, pixels

from llmaas.workers.images import ImageError, pixels_of, size_of


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_every_format_is_read(kind: str) -> None:
    data = picture(1, kind=kind)
    assert size_of(data) == (96, 64)
    read = pixels_of(data)
    assert read.shape == (64, 96, 3)
    assert read.dtype == np.uint8
    difference = np.abs(read.astype(int) - pixels(1)).mean()
    assert difference < (1 if kind == "PNG" else 12)


def test_a_transparent_image_stands_on_white() -> None:
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    image.putpixel((1, 0), (10, 20, 30, 255))
    assert pixels_of(saved(image, "PNG")).tolist() == [[[255, 255, 255], [10, 20, 30]]]


def test_a_palette_with_a_transparent_colour_stands_on_white() -> None:
    image = Image.new("P", (1, 1), 3)
    image.putpalette([0, 0, 0] * 256)
    data = saved(image, "PNG", transparency=3)
    assert pixels_of(data).tolist() == [[[255, 255, 255]]]


def test_sixteen_bits_of_grey_become_eight() -> None:
    grey = np.array([[0, 0x1234, 0xFFFF]], np.uint16)
    data = saved(Image.fromarray(grey), "PNG")
    assert pixels_of(data)[0, :, 0].tolist() == [0, 0x12, 0xFF]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "CMYK", "YCbCr"])
def test_other_colour_models_are_converted(mode: str) -> None:
    kind = "JPEG" if mode in {"CMYK", "YCbCr"} else "PNG"
    data = saved(Image.new("RGB", (8, 8), "white").convert(mode), kind)
    assert np.all(pixels_of(data) > 250)


def test_an_animation_is_its_first_picture() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    for kind in ("GIF", "WEBP"):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
        assert pixels_of(data)[0, 0].tolist() == [255, 0, 0] or kind == "WEBP"
        assert pixels_of(data)[0, 0, 0] > 200


def test_an_image_is_read_as_it_is_stored() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    assert size_of(saved(Image.new("RGB", (8, 4)), "JPEG", exif=exif)) == (8, 4)


def test_a_larger_frame_than_announced_counts_as_it_is() -> None:
    data = bytearray(picture(1, 90, 60, "GIF"))
    data[6:10] = bytes([1, 0, 1, 0])  # the screen: one pixel
    assert size_of(bytes(data)) == (90, 60)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no PNG, JPEG, WebP or GIF"),
        (picture(1, kind="BMP"), "no PNG, JPEG, WebP or GIF"),
        (picture(1, kind="TIFF"), "no PNG, JPEG, WebP or GIF"),
        (picture(1, 7000, 6000, "PNG"), "7000 × 6000 pixels; 40000000 are decoded at most"),
        (picture(1, 1, 101), "100 times"),
    ],
    ids=lambda value: str(value[:12]),
)
def test_what_is_not_read_is_refused_by_its_header(data: bytes, why: str) -> None:
    with pytest.raises(ImageError, match=why):
        size_of(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_file_that_is_cut_off_is_damaged(kind: str) -> None:
    data = picture(1, 300, 200, kind)
    with pytest.raises(ImageError):
        pixels_of(data[: len(data) * 2 // 3])


def test_noise_in_a_file_raises_nothing_else() -> None:
    random = np.random.default_rng(0)
    for kind in ("PNG", "JPEG", "WEBP", "GIF"):
        data = np.frombuffer(picture(1, 60, 40, kind), np.uint8)
        for _ in range(60):
            noisy = data.copy()
            places = random.integers(12, len(data), 4)
            noisy[places] = random.integers(0, 256, 4)
            try:
                assert pixels_of(noisy.tobytes()).ndim == 3
            except ImageError:
                continue
