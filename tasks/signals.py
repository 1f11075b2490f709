"""The one way up: what other apps may learn from a task."""

from django.dispatch import Signal

#: Sent once for each answer that meets its task's condition, inside the transaction that stores the
#: answer: a receiver writes rows and does no network, and one that fails rolls the answer back too.
#:
#: Arguments: task (Task), execution (Execution, with its notification), now (datetime).
condition_met = Signal()
