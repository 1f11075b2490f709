"""What the agent tells, and what it should: a hundred cases, with replayed answers or a model."""

import argparse
import asyncio
import json

import django

django.setup()

from django.test import override_settings

from benchmarks.monitors.agent.case import read_cases
from benchmarks.monitors.agent.measure import measure
from benchmarks.monitors.agent.replay import replaying
from benchmarks.monitors.agent.report import Report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--model",
        default="",
        metavar="NAME",
        help="ask this model, such as openai:gpt-5-mini, instead of replaying answers; "
        "TORALE_MODEL_URL and the provider's variables count as usual",
    )
    parser.add_argument(
        "--case",
        nargs="+",
        default=[],
        metavar="NAME",
        help="ask only the cases whose group/name contains one of these texts",
    )
    parser.add_argument("--quick", action="store_true", help="take every tenth case")
    parser.add_argument("--failures", action="store_true", help="list each wrong or missed telling")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args()
    cases = read_cases(only=options.case)
    if not cases:
        parser.error(f"no case's group/name contains any of: {', '.join(options.case)}")
    cases = cases[::10] if options.quick else cases
    if options.model:
        with override_settings(TORALE_MODEL=options.model):
            visits = asyncio.run(measure(cases, replay=None))
    else:
        with replaying() as replay:
            visits = asyncio.run(measure(cases, replay=replay))
    report = Report(visits=visits, model=options.model)
    if options.json:
        print(json.dumps(report.as_json(), indent=1))
        return
    print(f"Agent: {len(cases)} cases, visit by visit")
    print(report.table())
    if options.failures:
        print("\n" + "\n".join(report.faults()))


if __name__ == "__main__":
    main()
