"""Checks of visits."""

from collections.abc import Iterator
from typing import Final

from executions.failures import FailureKind
from executions.models import Execution, ExecutionStatus
from torale.doctor import Check, Finding, Verdict

#: How many of the last visits are looked at, and how many there must be to judge by.
LAST, FEW = 50, 5
#: How visits fail on a machine without internet.
OFFLINE: Final = (FailureKind.NETWORK, FailureKind.TIMEOUT)


def look_at_network() -> Iterator[Finding]:
    """Tell by how the last visits ended whether this installation reaches the internet."""
    ended = Execution.objects.ended().filter(notification=None).order_by("-created_at")
    last = [*ended.values_list("status", "failure_kind", "error_message")[:LAST]]
    failed = [
        error
        for status, kind, error in last
        if status == ExecutionStatus.FAILED and kind in OFFLINE
    ]
    if len(last) < FEW:
        text = "Too few visits were made to tell whether workers reach the internet."
        yield Finding("network", Verdict.OK, text)
    elif len(failed) == len(last):
        text = f"The last {len(last)} visits all got no answer. The latest error: {failed[0]}"
        remedy = "see that workers reach the internet: name servers, firewall, proxy."
        yield Finding("network", Verdict.PROBLEM, text, remedy)
    else:
        text = f"{len(last) - len(failed)} of the last {len(last)} visits got an answer."
        yield Finding("network", Verdict.OK, text)


CHECKS: Final = (Check("network", look_at_network, needs="migrations"),)
