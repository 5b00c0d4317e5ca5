"""Who may use the page: only a browser that was opened with the token, and only from the page.

The server says an address with a token when it starts, as Jupyter does. Whoever opens it gets a
cookie, and the address in the browser loses the token. Another web site that the user visits has
neither: its requests carry no cookie (``SameSite=Strict``), and a WebSocket that it opens is
refused for its origin as well. Another user of the machine does not know the token.
"""

import os
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from hmac import compare_digest
from html import escape
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from negotiation_abm.files.errors import InputError

TOKEN = "NEGOTIATION_ABM_TOKEN"  # the variable that fixes it
QUERY = "token"
POLICY_VIOLATION = 1008  # RFC 6455, 7.4.1

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Not open</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><h1>{title}</h1><p>{text}</p></body></html>
"""
NO_TOKEN = (
    "This browser has no key to the page",
    "Open the address that negotiation-abm dashboard shows in its terminal: it ends in one.",
)
FOREIGN = ("Another site asked for this", "Only the page itself may do so.")


def new_token() -> str:
    """The token of a server: what `TOKEN` says in the environment, or one that nobody can guess.

    Raises
    ------
    InputError
        If it does not fit an address and a cookie as it is.
    """
    given = os.environ.get(TOKEN, "")
    if given and not re.fullmatch(r"[A-Za-z0-9_-]+", given):
        raise InputError(TOKEN, "", "a token is made of letters, digits, hyphens and underscores")
    return given or secrets.token_urlsafe(24)


def cookie_name(port: int) -> str:
    """The cookie of a server; browsers tell hosts apart and not ports."""
    return f"negotiation_abm_{port}"


class Guard:
    """ASGI middleware that lets in who has the token, and WebSockets of the own origin."""

    def __init__(self, app: App, token: str, port: int) -> None:
        self._app = app
        self._token = token.encode()
        self._cookie = cookie_name(port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is allowed, turn a token into a cookie, refuse the rest."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = _headers(scope)
        if not _is_own(headers):
            await _refuse(scope, receive, send, FOREIGN)
        elif scope["type"] == "http" and self._is_token(_asked(scope).get(QUERY, "")):
            await self._let_in(scope, send)
        elif self._is_token(_cookie(headers, self._cookie)):
            await self._app(scope, receive, send)
        else:
            await _refuse(scope, receive, send, NO_TOKEN)

    def _is_token(self, text: str) -> bool:
        return compare_digest(text.encode("utf-8", "replace"), self._token)

    async def _let_in(self, scope: Scope, send: Send) -> None:
        """Give the cookie, and go to the same address without the token."""
        rest = [(name, value) for name, value in _pairs(scope) if name != QUERY]
        path = "/" + quote(scope["path"].lstrip("/"), safe="/")  # never to another host
        target = path + (f"?{urlencode(rest)}" if rest else "")
        cookie = f"{self._cookie}={self._token.decode()}; Path=/; HttpOnly; SameSite=Strict"
        headers = [
            (b"location", target.encode()),
            (b"set-cookie", cookie.encode()),
            (b"cache-control", b"no-store"),
            (b"referrer-policy", b"no-referrer"),
        ]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def _headers(scope: Scope) -> dict[str, str]:
    """Headers by name; of one that is given twice the last counts."""
    return {name.decode("latin-1").lower(): v.decode("latin-1") for name, v in scope["headers"]}


def _is_own(headers: dict[str, str]) -> bool:
    """Does the request come from the page, or from no page at all?

    A browser names the origin of every WebSocket and of every request that may change something.
    """
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") in (None, "none", "same-origin") or (
            headers.get("sec-fetch-mode") == "navigate"  # a link from elsewhere
            and headers.get("sec-fetch-dest", "document") == "document"  # and not into its frame
        )
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc == headers.get("host", "")


def _cookie(headers: dict[str, str], name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _pairs(scope: Scope) -> list[tuple[str, str]]:
    query = scope.get("query_string", b"").decode("latin-1")
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=100)
    except ValueError:  # more fields than that
        return []


def _asked(scope: Scope) -> dict[str, str]:
    return dict(_pairs(scope))


async def _refuse(scope: Scope, receive: Receive, send: Send, words: tuple[str, str]) -> None:
    if scope["type"] == "websocket":
        await receive()  # the wish to connect
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        return
    body = PAGE.format(title=escape(words[0]), text=escape(words[1])).encode()
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
