"""A terminal that shows lines, and below them what changes."""

import logging
from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text
from snakemake.logging import DefaultFormatter


class Terminal:
    """Standard error as a terminal, for the output settings of Snakemake."""

    def __init__(self, settings) -> None:
        self.console = Console(stderr=True, highlight=False, no_color=settings.nocolor or None)
        self.plain = DefaultFormatter(settings.quiet, settings.show_failed_logs)
        self.live: Live | None = None

    def say(self, text: str) -> None:
        """Show lines, above what changes."""
        if text:
            self.console.print(Text(text))

    def say_plainly(self, record: logging.LogRecord) -> None:
        """Show a record as Snakemake does."""
        self.say(self.plain.format(record))

    def show(self, lines: Sequence[str], summary: str) -> None:
        """Show lines in place of those that were shown last, as many as there is room for."""
        room = max(1, self.console.height - 3)
        if len(lines) > room:
            lines = [*lines[: room - 1], f"and {len(lines) - room + 1} more"]
        texts = [Text(line, no_wrap=True, overflow="ellipsis") for line in lines]
        texts.append(Text(summary, "bold", no_wrap=True, overflow="ellipsis"))
        if not self.live:
            self.live = Live(console=self.console, transient=True, auto_refresh=False)
            self.live.start()
        self.live.update(Group(*texts), refresh=True)

    def hide(self) -> None:
        """Take away what changes."""
        if self.live:
            self.live.stop()
            self.live = None
