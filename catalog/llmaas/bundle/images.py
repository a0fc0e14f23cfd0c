"""What images a request may carry: the same for every model, and said so in the documentation."""

FORMATS = ("PNG", "JPEG", "WebP", "GIF")
"""File formats that are read; of an animation, its first picture."""
MAX_IMAGES = 16
"""In one request."""
MAX_BYTES = 10 * 2**20
"""Of one image's file."""
MAX_PIXELS = 40_000_000
"""Of one image: A4 at 600 dots per inch has 35 million."""
MAX_ELONGATION = 100
"""How many times longer one side may be than the other."""
