"""How commands print rows: as a table for people, or as JSON or CSV for programs."""

import csv
import unicodedata
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
        _write_json(out, [{name: row[name] for name in columns} for row in rows])
    elif as_ == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_as_text(row[name]) for name in columns] for row in rows)
    else:
        _write_table(out, rows, columns)


def write_record(out: OutputWrapper, record: Mapping[str, Any], *, as_: str = "table") -> None:
    """Print one thing: as lines of names and values, as a JSON object, or as a row of CSV.

    Args:
        out: the command's `stdout`.
        record: its values by name. A value may be a list of such records: each gets a table below
            the lines, or a list in JSON. CSV leaves them out.
        as_: one of FORMATS.
    """
    if as_ == "json":
        _write_json(out, record)
        return
    values = {name: value for name, value in record.items() if not isinstance(value, list)}
    if as_ == "csv":
        write_rows(out, [values], columns=[*values], as_=as_)
        return
    width = max(map(len, values)) + 2
    for name, value in values.items():
        lines = printable(_as_text(value)).splitlines() or ["-"]
        out.write(f"{name:<{width}}" + f"\n{'':<{width}}".join(lines))
    for name, rows in record.items():
        if isinstance(rows, list) and rows:
            out.write(f"\n{name}")
            _write_table(out, rows, [*rows[0]])


def printable(text: str) -> str:
    """Return `text` without characters that would command the terminal; lines stay."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(character) == "Cc" and character != "\n"
        else character
        for character in text.replace("\t", " ")
    )


def _write_json(out: OutputWrapper, value: Any) -> None:
    options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z
    out.write(orjson.dumps(value, default=str, option=options).decode())


def _write_table(
    out: OutputWrapper, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]
) -> None:
    is_terminal = out.isatty()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        # A program that reads the table must find whole values in it.
        table.add_column(name, overflow="fold", no_wrap=not is_terminal)
    for row in rows:
        table.add_row(*(Text(printable(_as_text(row[name])) or "-") for name in columns))
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
