"""Where the running service logs: a file that rotates, and warnings on stderr."""

import logging
import logging.handlers
import sys
from pathlib import Path

LOG = "llmaas.log"
MAX_BYTES = 5_000_000
KEPT = 3


def log_to(directory: Path) -> Path:
    """Send everything from level INFO to `directory`, and warnings to stderr as well."""
    path = directory / LOG
    file = logging.handlers.RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=KEPT)
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    console = logging.StreamHandler(sys.stderr)
    console.setLevel(logging.WARNING)
    console.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[file, console], force=True)
    logging.captureWarnings(capture=True)
    for chatty in ("httpx", "asyncio", "MARKDOWN", "mkdocs"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return path
