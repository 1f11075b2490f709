"""The two ways in which a domain call says no, whichever call it was."""


class Refused(Exception):
    """What was asked for is not allowed; the message says what to change. Over HTTP: 400."""


class Conflict(Exception):
    """What was asked for does not fit the present state; the message says which. Over HTTP: 409."""
