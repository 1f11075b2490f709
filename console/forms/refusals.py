"""Show in a form why domain code refused what was submitted."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.forms import BaseForm

from executions.monitors import BadQuestion
from torale.errors import DomainError


class ShowsRefusals(BaseForm):
    """A form that shows refusals of domain code as its own errors."""

    #: The form's field for each field that domain code names; others have the same name in both.
    renamed: dict[str, str] = {}

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Add what the block raises to the form's errors: to the field at fault, if it is named."""
        try:
            yield
        except BadQuestion as error:
            for name, fault in error.faults.items():
                field = self.renamed.get(name, name)
                self.add_error(field if field in self.fields else None, fault)
        except DomainError as error:
            self.add_error(None, error.detail)
