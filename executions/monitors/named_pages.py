"""The pages that a question names, and whether they may be visited."""

from executions.monitors.addresses import addresses_in, fault_in
from torale.errors import Refused
from torale.outbound.url_check import check_url
from torale.outbound.url_rules import Networks, server_of

MAX_PAGES = 5


def servers_in(search_query: str) -> list[str]:
    """Return the servers of the pages that a query names, as `host:port`, each once."""
    return [*dict.fromkeys(map(server_of, addresses_in(search_query)))]


def fault_in_pages(search_query: str, *, networks: Networks) -> str | None:
    """Return what is wrong with the pages that a query names, and what to change; None if nothing.

    Args:
        search_query: the query.
        networks: the networks that the task's owner may call besides the public internet.
    """
    if fault := fault_in(search_query):
        return fault
    addresses = addresses_in(search_query)
    if len(addresses) > MAX_PAGES:
        return f"Name at most {MAX_PAGES} pages, not {len(addresses)}."
    for address in addresses:
        try:
            check_url(address, networks=networks)
        except Refused as error:
            return str(error)
    return None
