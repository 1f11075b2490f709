"""What all apps build on: settings, database, outbound requests and the API's conventions."""

from pathlib import Path

#: The version of this release, from the file VERSION. The API has its own version.
__version__ = (Path(__file__).resolve().parent.parent / "VERSION").read_text().strip()
