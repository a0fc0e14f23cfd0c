"""The command line."""


def main() -> None:
    """Run `llmaas`."""
    raise SystemExit("under construction")
