"""The signal by which other apps learn what is to be told about a task."""

from django.dispatch import Signal

#: Sent once for each thing to tell, inside the transaction that stores the execution's outcome. A
#: receiver may write rows but must not use the network. If it fails, the outcome is rolled back,
#: too.
#:
#: Arguments: event (Event), task (Task), execution (Execution, with its outcome), notice (Notice;
#: None for CONDITION_MET, as the execution has the notification), now (datetime).
told = Signal()
