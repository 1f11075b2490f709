"""`python -m torale.supervised COMMAND`: a command of manage.py that ends with its parent.

`manage.py serve` starts web and worker with it. It holds the other end of their standard input,
which the kernel closes when `serve` ends, even after kill -9. This works on every Unix. It needs no
process id, which could belong to another process by then.
"""

import os
import runpy
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Final

#: Seconds that a process has to end before it is killed; a worker finishes its deliveries in 20.
KILL_WAIT: Final = 22


def end_with_parent() -> None:
    """Wait for the end of standard input; then terminate this process, or kill it if necessary."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(KILL_WAIT)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, name="end-with-parent", daemon=True).start()
    runpy.run_path(str(Path(__file__).parent.parent / "manage.py"), run_name="__main__")
