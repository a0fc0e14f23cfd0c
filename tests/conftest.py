"""What all tests need of the process they run in."""

import signal

# A shell that starts a command in the background lets it ignore Ctrl-C, and its children inherit
# that. The commands under test are sent Ctrl-C, so it must mean what it means at a terminal.
signal.signal(signal.SIGINT, signal.default_int_handler)
