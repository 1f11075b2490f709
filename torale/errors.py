"""The errors with which domain code refuses a call, and the message for our own errors."""

from datetime import timedelta

#: What people are told if the fault is ours.
OUR_FAULT = "Something went wrong on our side; the details are in the server's log."


class DomainError(Exception):
    """A call that was not carried out. Its message is a sentence for the caller.

    Args:
        detail: the sentence; by default, the sentence of the class.
    """

    #: The sentence if none is given.
    detail = "This was not done."

    def __init__(self, detail: str | None = None) -> None:
        if detail is not None:
            self.detail = detail
        super().__init__(self.detail)


class Refused(DomainError):
    """What was asked for is not allowed; the message says what to change. Over HTTP: 400."""


class Conflict(DomainError):
    """What was asked for does not fit the current state; the message says why. Over HTTP: 409."""


class TooOften(DomainError):
    """A limit is reached; the same call may succeed later. Over HTTP: 429.

    Args:
        detail: as for all errors.
        wait: how long to wait; over HTTP, `Retry-After`.
    """

    detail = "Request was throttled."

    def __init__(self, detail: str | None = None, *, wait: timedelta) -> None:
        super().__init__(detail)
        self.wait = wait
