"""Examples under every help text: the quickest way to learn a command."""

from rich.markup import escape


def epilog(examples: str) -> str:
    """The examples of a command as the last part of its help."""
    lines = "\n".join(f"  {escape(line)}" for line in examples.strip().splitlines())
    return f"[bold]Examples[/bold]\n{lines}"
