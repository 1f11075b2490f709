"""The browser, for the tests in this folder."""

from tests.support.browsers import chromium, open_page

__all__ = ["chromium", "open_page"]
