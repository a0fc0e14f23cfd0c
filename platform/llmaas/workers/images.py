"""Pictures as clients send them: what size they are, and their pixels.

Runs in the worker only: a decoder that fails on what a stranger sent takes no gateway along.
"""

import warnings
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from llmaas.bundle.images import FORMATS, MAX_ELONGATION, MAX_PIXELS

Pixels = NDArray[np.uint8]
"""Height × width × red, green, blue."""


class ImageError(Exception):
    """The data is no image that can be read; the message says why."""


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height, from the header alone.

    Raises:
        ImageError: it is no image, or has more pixels than are decoded.
    """
    return _opened(data).size


def pixels_of(data: bytes) -> Pixels:
    """The pixels, on white where the image is transparent; of an animation, those of its start.

    Raises:
        ImageError: it is no image, has more pixels than are decoded, or is damaged.
    """
    image = _opened(data)
    try:
        image.load()
        return np.asarray(_in_colour(image), np.uint8)
    # A decoder meets whatever a stranger sent; each of its errors is about the data.
    except Exception as error:
        raise ImageError(f"the image is damaged: {error}") from error


def _opened(data: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its own limit, which is another one
            image = Image.open(BytesIO(data), formats=[name.upper() for name in FORMATS])
    except Exception as error:
        raise ImageError("the data is no PNG, JPEG, WebP or GIF image") from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"the image has {width} × {height} pixels; {MAX_PIXELS} are decoded at most"
        )
    if not width or not height or max(width, height) > MAX_ELONGATION * min(width, height):
        raise ImageError(
            f"the image has {width} × {height} pixels; one side may be {MAX_ELONGATION} times as "
            "long as the other at most"
        )
    return image


def _in_colour(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits of grey, which a plain conversion would cut off
        values = np.asarray(image.convert("I"), np.int32) >> 8
        return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).convert("RGB")
    if "A" in image.getbands() or "transparency" in image.info:
        above = image.convert("RGBA")
        white = Image.new("RGBA", above.size, "white")
        return Image.alpha_composite(white, above).convert("RGB")
    return image.convert("RGB")
