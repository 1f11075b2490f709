"""What a page says of its product for machines: price and stock; pure."""

from dataclasses import dataclass
from decimal import Decimal

from executions.pages.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """The price and the stock of the page's product, as far as they are evident."""

    #: The price; None if it is unknown.
    price: Decimal | None = None
    #: The currency of the price as a code of ISO 4217, empty if it is unknown.
    currency: str = ""
    #: Whether the product can be had now; None if it is unknown.
    in_stock: bool | None = None
    #: What the page says of availability in its own word ("InStock"), empty if nothing.
    availability: str = ""
    #: Why price or stock is unknown, as sentences; empty if both are known.
    why_unknown: str = ""


def offers_of(page: Page) -> Offers:  # noqa: ARG001 - until data for machines is read
    """Return what the page's JSON-LD, microdata, RDFa or Open Graph says of its product.

    What is contradictory or missing is unknown; nothing is guessed.
    """
    return Offers(why_unknown="The page says nothing of a price or of stock for machines.")
