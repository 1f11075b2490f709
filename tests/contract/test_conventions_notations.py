"""The section "Conventions" of the contract: how values are written, and how many there may be."""

from uuid import uuid4

import pytest


@pytest.mark.parametrize(
    ("spelled", "status"),
    [
        (str.upper, 404),
        (lambda id_: id_.replace("-", ""), 422),
        (lambda id_: f"{{{id_}}}", 422),
        (lambda id_: f"urn:uuid:{id_}", 422),
    ],
    ids=["capitals", "no hyphens", "braces", "URN"],
)
def test_an_id_in_another_notation(owner_client, spelled, status):
    """An id is taken in capitals too, but in no other notation, …422."""
    path = f"/api/v1/tasks/{spelled(str(uuid4()))}"

    assert owner_client.get(path).status_code == status


@pytest.mark.parametrize("limit", ["+5", "5_0", " 5", "\uff15"])
def test_a_number_in_another_notation(owner_client, limit):
    """a number in plain digits only: 422."""
    assert owner_client.get("/api/v1/tasks", {"limit": limit}).status_code == 422


@pytest.mark.parametrize(("count", "status"), [(1000, 200), (1001, 400)])
def test_a_thousand_parameters_are_enough(owner_client, count, status):
    """More than 1,000 query parameters are 400."""
    answer = owner_client.get("/api/v1/tasks", {f"p{number}": "1" for number in range(count)})

    assert answer.status_code == status
