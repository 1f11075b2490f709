"""Remember the pages whose servers asked not to be visited for a while.

A task's other pages are visited meanwhile.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from executions.failures import LONGEST_REST, FailureKind
from executions.monitors.protocol import AskFailed


def remembered(failures: Mapping[str, AskFailed], *, now: datetime) -> dict[str, Any]:
    """Return what to remember of the failed pages that are to rest, by their URLs; plain JSON."""
    return {
        url: {
            "until": min(failure.retry_after, now + LONGEST_REST).isoformat(),
            "kind": failure.kind,
            "error": str(failure),
            "warnings": failure.warnings,
        }
        for url, failure in failures.items()
        if failure.retry_after and failure.retry_after > now
    }


def resting(memory: Mapping[str, Any], *, now: datetime) -> dict[str, AskFailed]:
    """Return the failures of the pages that are not to be visited yet, by their URLs.

    Args:
        memory: what `remembered` returned at the last visit.
        now: when the question is asked.
    """
    failures = {
        url: AskFailed(
            FailureKind(page["kind"]),
            page["error"],
            retry_after=datetime.fromisoformat(page["until"]),
            warnings=page["warnings"],
        )
        for url, page in memory.items()
    }
    return {
        url: failure
        for url, failure in failures.items()
        if failure.retry_after and failure.retry_after > now
    }
