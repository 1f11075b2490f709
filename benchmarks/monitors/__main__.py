"""What the page monitor tells, and what it should: precision and recall by group of cases."""

import argparse
import asyncio
import time

import django

django.setup()

from benchmarks.monitors.cases import CASES
from benchmarks.monitors.measure import measure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--failures", action="store_true", help="list each wrong visit")
    parser.add_argument("--only", default="", help="ask the cases whose group/name has this text")
    parser.add_argument("--quick", action="store_true", help="take every tenth case")
    options = parser.parse_args()
    chosen = {
        group: [one for one in members if options.only in f"{group}/{one.name}"]
        for group, members in CASES.items()
    }
    if options.quick:
        chosen = {group: members[::10] for group, members in chosen.items()}
    begun = time.monotonic()
    report = asyncio.run(measure({group: members for group, members in chosen.items() if members}))
    if options.failures:
        print("\n".join(report.failures))
    print(f"Monitors: cases from the habits of the real web, in {time.monotonic() - begun:.1f} s")
    print(report.table())


if __name__ == "__main__":
    main()
