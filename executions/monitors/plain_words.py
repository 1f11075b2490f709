"""Tell conditions in plain words from rules and from what was meant to be one; pure."""

import re

from executions.pages.parsing import parse
from executions.pages.rule_error import RuleError

#: What stands in rules, and hardly ever in plain words: texts in quotes, expressions, selectors,
#: and signs of comparison. And how rules begin that nothing else begins with.
_MEANT_AS_RULE = re.compile(
    r"""["“”„«»]|(?:^|\s)/\S.*/i?(?:\s|$)|\b(?:css|xpath|json)\s*\(|[<>≤≥]|[!=]="""
    r"""|^\s*(?:page\s+)?(?:contains|does\s+not\s+contain|doesn['’]t\s+contain|matches"""  # noqa: RUF001
    r"""|does\s+not\s+match|exists|changes?)\b\s*\S{0,20}\s*$""",
    re.IGNORECASE,
)


def is_rule(condition: str, *, search_query: str) -> bool:
    """Return whether a condition about a page is a rule, or was meant to be one.

    No condition, or one that repeats the query, is the rule `changes`.

    Args:
        condition: the condition.
        search_query: the query, which names the page.
    """
    if not condition.strip() or condition == search_query or _MEANT_AS_RULE.search(condition):
        return True
    try:
        parse(condition, compiles=False)
    except RuleError:
        return False
    return True
