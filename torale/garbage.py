"""How often a process looks for reference cycles, which only the garbage collector frees."""

import gc


def collect_rarely() -> None:
    """Collect garbage less often, and without the objects that start-up made, from now on.

    For a process that runs for long. Requests and deliveries leave few cycles behind, but each
    large list or batch would start a collection, which goes through all objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
