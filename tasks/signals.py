"""The signal by which other apps learn that a task's condition was met."""

from django.dispatch import Signal

#: Sent once for each answer that meets its task's condition, inside the transaction that stores the
#: answer. A receiver may write rows but must not use the network. If it fails, the answer is rolled
#: back, too.
#:
#: Arguments: task (Task), execution (Execution, with its notification), now (datetime).
condition_met = Signal()
