"""How often a process looks for objects that refer to each other in a circle."""

import gc


def collect_rarely() -> None:
    """Leave out what start-up made, and look less often, in a process that runs for long.

    Work leaves few circles behind, but each large list or batch of objects would start a search
    through all objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
