"""Functions for child processes to call. A parent process without pytest can import them."""

import os
import time
from pathlib import Path


def spin() -> None:
    while True:
        pass


def tell_pid(path: str) -> None:
    Path(f"{path}.new").write_text(str(os.getpid()))
    Path(f"{path}.new").rename(path)


def tell_and_sleep(path: str) -> None:
    tell_pid(path)
    time.sleep(60)


def tell_and_spin(path: str) -> None:
    tell_pid(path)
    spin()
