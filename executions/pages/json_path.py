"""JSON paths (RFC 9535) whose functions for regular expressions use RE2; pure."""

from typing import Any

import re2
from jsonpath import JSONPathEnvironment, JSONPathSyntaxError, JSONPathTypeError
from jsonpath.filter import BaseExpression, StringLiteral
from jsonpath.function_extensions import ExpressionType, FilterFunction
from jsonpath.parse import Parser
from jsonpath.stream import TokenStream
from jsonpath.token import Token

from executions.pages import expression


class _Search(FilterFunction):
    """The function `search` (RFC 9535 §2.4.7); if the whole text must match, `match` (§2.4.6).

    The library's own functions take exponential time for some expressions.
    """

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]
    return_type = ExpressionType.LOGICAL

    def __init__(self, *, whole: bool) -> None:
        self._method = "fullmatch" if whole else "search"
        self._pattern: object = None
        self._compiled: Any = None

    def __call__(self, value: object, pattern: object) -> bool:
        """Return whether `value` is a text that matches."""
        if not isinstance(value, str) or not isinstance(pattern, str):
            return False
        if pattern != self._pattern:
            self._pattern, self._compiled = pattern, _compiled_or_none(pattern)
        return self._compiled is not None and bool(getattr(self._compiled, self._method)(value))


def _compiled_or_none(pattern: str) -> Any:
    try:
        return expression.compiled(pattern)
    except re2.error:  # the page's own data has the expression; it matches nothing
        return None


class _Parser(Parser):
    """Refuses the library's operator =~, which RFC 9535 does not have."""

    def parse_regex(self, stream: TokenStream) -> BaseExpression:
        """Refuse the operator."""
        message = "write match(…) or search(…) instead of =~"
        raise JSONPathSyntaxError(message, token=stream.current())


class _Environment(JSONPathEnvironment):
    parser_class = _Parser

    def setup_function_extensions(self) -> None:
        """Replace the functions that take a regular expression."""
        super().setup_function_extensions()
        self.function_extensions["match"] = _Search(whole=True)
        self.function_extensions["search"] = _Search(whole=False)

    def validate_function_extension_signature(self, token: Token, args: list[Any]) -> list[Any]:
        """Also refuse a malformed expression, which would match nothing when a page is visited."""
        args = super().validate_function_extension_signature(token, args)
        if token.value in ("match", "search") and isinstance(args[1], StringLiteral):
            try:
                expression.compiled(args[1].value)
            except re2.error as error:
                message = f"invalid expression in {token.value}(…): "
                raise JSONPathTypeError(
                    message + expression.complaint(error), token=token
                ) from error
        return args


PATHS = _Environment()
