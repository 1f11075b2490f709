"""The ground that all apps stand on: settings, the database, the way out, the API's conventions."""

from pathlib import Path

#: This release, from the file VERSION. The API has a version of its own.
__version__ = (Path(__file__).resolve().parent.parent / "VERSION").read_text().strip()
