"""Show in a form why domain code, or the API, refuses what was submitted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django.forms import BaseForm
from rest_framework import serializers

from executions.monitors import BadQuestion
from torale.errors import DomainError


class ShowsRefusals(BaseForm):
    """A form that shows refusals of domain code as its own errors."""

    #: The form's field for each field that domain code names; others have the same name in both.
    renamed: dict[str, str] = {}

    @contextmanager
    def refusals(self, *, at: str | None = None) -> Iterator[None]:
        """Add what the block raises to the form's errors: to the field at fault, if it is named.

        Args:
            at: the field that other refusals are added to; None for the form as a whole.
        """
        try:
            yield
        except BadQuestion as error:
            for name, fault in error.faults.items():
                field = self.renamed.get(name, name)
                self.add_error(field if field in self.fields else None, fault)
        except DomainError as error:
            self.add_error(at, error.detail)


class FollowsAPI(ShowsRefusals):
    """A form whose fields are the members of a serializer, and follow its rules."""

    serializer_class: ClassVar[type[serializers.Serializer[Any]]]

    def clean(self) -> dict[str, Any]:
        """Return the fields, to which the serializer's errors have been added."""
        given: dict[str, Any] = super().clean() or {}
        serializer = self.serializer_class(data=given)
        if not self.errors and not serializer.is_valid():
            for name, faults in serializer.errors.items():
                self.add_error(name, [str(fault) for fault in faults])
        return given
