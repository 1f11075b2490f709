"""How commands print rows: as a table for people, or as JSON or CSV for programs."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import IO, Any, cast

import orjson
from django.core.management.base import CommandParser, OutputWrapper
from rich.console import Console
from rich.table import Table
from rich.text import Text

FORMATS = ("table", "json", "csv")


def add_format(parser: CommandParser) -> None:
    """Add the option `--format` to a command, as `options["format"]`."""
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="table",
        help="How to print: a table for people (default), or json or csv for programs.",
    )


def write_rows(
    out: OutputWrapper,
    rows: Iterable[Mapping[str, Any]],
    *,
    columns: Sequence[str],
    as_: str = "table",
) -> None:
    """Print `rows`.

    Args:
        out: the command's `stdout`.
        rows: the values by column. Times are UTC.
        columns: the names of the columns, in the order in which they are printed.
        as_: one of FORMATS. JSON is one array of objects; CSV has a line of names first.
    """
    if as_ == "json":
        listed = [{name: row[name] for name in columns} for row in rows]
        options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z
        out.write(orjson.dumps(listed, default=str, option=options).decode())
    elif as_ == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_as_text(row[name]) for name in columns] for row in rows)
    else:
        _write_table(out, rows, columns)


def _write_table(
    out: OutputWrapper, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]
) -> None:
    is_terminal = out.isatty()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        # A program that reads the table must find whole values in it.
        table.add_column(name, overflow="fold", no_wrap=not is_terminal)
    for row in rows:
        table.add_row(*(Text(_as_text(row[name]) or "-") for name in columns))
    # A file has no width: lines are as long as their values.
    Console(file=cast(IO[str], out), width=None if is_terminal else 10_000, highlight=False).print(
        table, crop=False
    )


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return str(value)
