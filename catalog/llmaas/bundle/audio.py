"""What recordings may be: the limits that the gateway and its workers keep and the pages tell."""

MAX_FILE_MIB = 25
MAX_FILE_BYTES = MAX_FILE_MIB * 2**20
MAX_MINUTES = 120
MAX_SECONDS = MAX_MINUTES * 60
FORMATS = ("wav", "mp3", "m4a", "mp4", "aac", "flac", "ogg", "webm")
"""As their files end."""
