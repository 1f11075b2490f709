"""What every view of the API that has an id in its path does with it."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request

from torale.api.errors import Unprocessable


class IdsInPath:
    """Turns the path's `…_id` parameters into UUIDs before the view's own code runs.

    A malformed one is 422 with `loc` `["path", name]`, but only for callers who may call at all.
    """

    kwargs: dict[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the caller, then the path.

        Raises:
            Unprocessable: an id in the path is no UUID.
        """
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        for name, value in self.kwargs.items():
            if name.endswith("_id"):
                try:
                    self.kwargs[name] = UUID(value)
                except ValueError as error:
                    raise Unprocessable(
                        {name: [f"{value!r} is not a UUID."]}, source="path", given=self.kwargs
                    ) from error
