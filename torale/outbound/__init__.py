"""The one guarded door to other people's servers, with address checks, time and size limits.

Nothing else in the project opens a connection to a URL that a user wrote. To call a server:

- `fetch` reads a page through aiohttp, over a session of `aiohttp_sessions`;
- `exchange` delivers a webhook through libcurl, over a session of `curl_sessions`;
- `replies` has what both return or raise;
- `url_check` says what a user may call by the settings, and `url_rules` has the rules.

The other modules are parts of these: `aiohttp_connections` ends floods of answers,
`large_bodies` limits the memory for large pages, `content_encoding` decompresses pages,
`meta_refresh` finds where they lead, and `visit_cookies` keeps their cookies on the way.
"""
