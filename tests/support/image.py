"""What is in Torale's image, by its Dockerfile and .dockerignore."""

import fnmatch
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tests.support.preloaded_python import ROOT


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile."""

    word: str
    value: str

    def as_list(self) -> list[str]:
        """Return the value of the exec form, which runs no shell."""
        words: list[str] = json.loads(self.value[self.value.index("[") :])
        return words


def stages() -> list[list[Instruction]]:
    """Return the instructions of the Dockerfile's stages."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    text = text.replace("\\\n", "")
    read = [Instruction(*line.split(" ", 1)) for line in text.splitlines() if line]
    starts = [number for number, each in enumerate(read) if each.word == "FROM"]
    return [read[start:end] for start, end in zip(starts, [*starts[1:], len(read)], strict=True)]


def is_sent(path: str) -> bool:
    """Return whether .dockerignore lets a file into the build; the last match decides."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        if any(
            _matches(str(part), pattern)
            for part in (PurePosixPath(path), *PurePosixPath(path).parents)
        ):
            sent = line.startswith("!")
    return sent


def _matches(path: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch.fnmatchcase(path.rpartition("/")[2], pattern.removeprefix("**/"))
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)


def copy_code(to: Path) -> None:
    """Copy what the image has of the project."""
    for top in ROOT.iterdir():
        if top.name in {".git", ".venv", "var"}:
            continue  # is_sent() refuses them, too, but they are large
        for path in [top, *top.rglob("*")]:
            name = path.relative_to(ROOT)
            if path.is_file() and is_sent(str(name)):
                (to / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, to / name)
