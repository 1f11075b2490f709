"""The two ways in which a domain call says no, and what is said where the fault is ours."""

#: What a person is told when the fault is ours.
OUR_FAULT = "Something went wrong on our side; the details are in the server's log."


class Refused(Exception):
    """What was asked for is not allowed; the message says what to change. Over HTTP: 400."""


class Conflict(Exception):
    """What was asked for does not fit the present state; the message says which. Over HTTP: 409."""
