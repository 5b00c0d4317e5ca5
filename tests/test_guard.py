"""Who may use the page: the token, the cookie, the origin; asked as a server asks, without one."""

import asyncio
from http.cookies import SimpleCookie

import pytest

from negotiation_abm.dashboard.guard import Guard, cookie_name, new_token
from negotiation_abm.files.errors import InputError

HOST, PORT, TOKEN = "127.0.0.1:8765", 8765, "secret"
COOKIE = {"cookie": f"{cookie_name(PORT)}={TOKEN}"}
OWN = {"origin": f"http://{HOST}"}
KERNEL = "/jupyter/api/kernels/x/channels"


async def inside(scope, receive, send):
    """The page: says that it was reached."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})


def ask(kind="http", path="/", query="", headers=None, method="GET"):
    """What the guard sends for a request."""
    given = {"host": HOST} | (headers or {})
    scope = {
        "type": kind,
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
    }
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    asyncio.run(Guard(inside, TOKEN, PORT)(scope, receive, send))
    return sent


def is_in(sent):
    return sent[0].get("status") == 200 or sent[0]["type"] == "websocket.accept"


def test_token_becomes_a_cookie_and_leaves_the_address():
    start, _ = ask(path="/sweep", query=f"folder=a%26b&token={TOKEN}&at=x%3D1")
    headers = dict(start["headers"])
    assert start["status"] == 303
    assert headers[b"location"] == b"/sweep?folder=a%26b&at=x%3D1"
    assert TOKEN.encode() not in headers[b"location"]
    cookie = SimpleCookie(headers[b"set-cookie"].decode())[cookie_name(PORT)]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == (TOKEN, True, "Strict")


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil.example", "/a\r\nset-cookie: b=c"])
def test_the_way_on_never_leads_elsewhere(path):
    location = dict(ask(path=path, query=f"token={TOKEN}")[0]["headers"])[b"location"]
    assert location.startswith(b"/")
    assert not location.startswith((b"//", b"/\\"))
    assert b"\n" not in location


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("headers", [COOKIE, COOKIE | OWN])
def test_the_cookie_lets_in(kind, headers):
    assert is_in(ask(kind, KERNEL, headers=headers))


WRONG = [
    {},
    {"cookie": f"{cookie_name(PORT)}=wrong"},
    {"cookie": f"{cookie_name(PORT + 1)}={TOKEN}"},
    {"cookie": f"{cookie_name(PORT)}="},
    {"cookie": "\xe9;;;=,="},
    {"authorization": f"token {TOKEN}x"},
]


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("headers", WRONG)
@pytest.mark.parametrize("query", ["", "token=", "token=wrong", "token=secret&token=wrong"])
def test_nobody_else_is_let_in(kind, headers, query):
    assert not is_in(ask(kind, KERNEL, query, headers))


def test_a_websocket_is_not_let_in_by_the_address():
    assert not is_in(ask("websocket", KERNEL, f"token={TOKEN}"))


FOREIGN = [
    "http://evil.example",
    "http://127.0.0.1:9999",
    "http://127.0.0.1",
    "https://127.0.0.1.evil.example:8765",
    "http://evil.example@127.0.0.1:8765",
    "null",
    "",
    "file://",
    "http://[",
]


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("origin", FOREIGN)
def test_another_origin_is_refused_even_with_the_cookie(kind, origin):
    assert not is_in(ask(kind, KERNEL, headers=COOKIE | {"origin": origin}, method="POST"))


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_embeds_is_refused(site):
    headers = COOKIE | {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
    assert not is_in(ask(headers=headers))


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_the_page_is_not_shown_inside_another(site):
    """Another port of the same host gets the cookie sent along: it could lay a button over ours."""
    link = COOKIE | {"sec-fetch-site": site, "sec-fetch-mode": "navigate"}
    for inside in ("iframe", "frame", "embed", "object", "fencedframe"):
        assert not is_in(ask(headers=link | {"sec-fetch-dest": inside}))
    assert is_in(ask(headers=link | {"sec-fetch-dest": "document"}))


def test_tokens_cannot_be_guessed(monkeypatch):
    monkeypatch.delenv("NEGOTIATION_ABM_TOKEN", raising=False)
    assert len({new_token() for _ in range(20)}) == 20
    assert len(new_token()) >= 32
    monkeypatch.setenv("NEGOTIATION_ABM_TOKEN", "mine")
    assert new_token() == "mine"
    monkeypatch.setenv("NEGOTIATION_ABM_TOKEN", "a; b")
    with pytest.raises(InputError, match="letters, digits"):
        new_token()


def test_what_is_said_to_a_stranger_names_no_token():
    start, body = ask()
    assert start["status"] == 403
    assert TOKEN.encode() not in body["body"]
    assert b"<script" not in body["body"]


def test_other_traffic_passes():
    passed = []

    async def app(scope, receive, send):
        passed.append(scope["type"])

    asyncio.run(Guard(app, TOKEN, PORT)({"type": "lifespan"}, None, None))
    assert passed == ["lifespan"]


def test_the_server_has_the_guard(monkeypatch):
    """Outermost but for the check of the host: nothing of the page answers without it."""
    pytest.importorskip("solara")
    uvicorn = pytest.importorskip("uvicorn")
    starlette = pytest.importorskip("solara.server.starlette")
    from negotiation_abm import dashboard
    from negotiation_abm.dashboard import warm

    seen = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda self: None)
    monkeypatch.setattr(warm, "start", lambda: None)
    monkeypatch.setattr(starlette.app, "add_middleware", lambda kind, **_: seen.append(kind))
    monkeypatch.setenv("SOLARA_APP", dashboard.APP)
    dashboard._run("127.0.0.1", PORT, TOKEN)
    assert Guard in seen
