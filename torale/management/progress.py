"""Show people, but not programs, how far a command has got."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, cast

from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def progress(
    out: OutputWrapper, text: str, *, total: int | None = None
) -> Iterator[Callable[[int], None]]:
    """Show a bar with `text` while the block runs, if `out` is a terminal; then remove it.

    Yields a function that is called with how many more are done.

    Args:
        out: the command's `stderr`, so that what it prints can be redirected.
        text: what it does.
        total: how many there are; None if that is not known.
    """
    counted = MofNCompleteColumn() if total else TextColumn("{task.completed:,}")
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        counted,
        TimeElapsedColumn(),
        console=Console(file=cast(IO[str], out)),
        disable=not out.isatty(),
        transient=True,
    )
    with bar:
        task = bar.add_task(text, total=total)
        yield lambda more: bar.advance(task, more)
