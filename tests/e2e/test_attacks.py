"""The page under attack in a real browser: markup in names, other origins, paths, many sessions.

``SESSIONS=200 pytest -m e2e tests/e2e/test_attacks.py`` opens and closes two hundred of them.
"""

import contextlib
import http.server
import json
import os
import shutil
import threading
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote

import pytest
import yaml

from cli_helpers import ROOT, shipped_game
from e2e_helpers import OUT, VIEW_SECONDS, Visit, saved, start_server, stop_server, wait_for
from negotiation_abm.cli import main
from negotiation_abm.plotting.site import write_site
from negotiation_abm.studies.sensitivity.run import run_study
from negotiation_abm.studies.sensitivity.spec import load_spec as load_study
from negotiation_abm.sweep.runner import run_sweep
from negotiation_abm.sweep.spec import load_spec

WAIT = 1000 * VIEW_SECONDS
SESSIONS = int(os.environ.get("SESSIONS", "24"))
HOSTILE = "<img src=x onerror=alert(1)>"
MARKUP = f"'\"><svg onload=alert(1)>{HOSTILE}<script>alert(1)</script>"
ADDRESSES = (
    "/replay?week={}",
    "/replay?event={}",
    "/whatif?set={}=1",
    "/whatif?scenario={}",
    "/whatif?skip={}",
    "/play?side={}",
    "/play?opponent={}",
    "/play?moves={}",
    "/sweep?folder={}",
    "/sweep?outcome={}",
    "/sweep?at={}=1",
    "/mesa?scenario={}",
    "/{}",
)
PATHS = (
    "/static/../../../../etc/passwd",
    "/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/static/assets/..%2f..%2fapp.py",
    "/static//etc/passwd",
    "/static/public/../../../../../etc/passwd",
    "/static/nbextensions/..%2f..%2f..%2fetc/passwd",
    "/..%2f..%2f..%2fetc/passwd",
    "/static/assets/%00",
    "/_solara/cdn/..%2f..%2f..%2f..%2fetc/passwd",
)
OUTSIDE = ("../../../../etc", "/etc", "run/../../..", "\x00")
FOREIGN = """<!doctype html><iframe id="frame" src="{page}/replay"></iframe><script>
const said = window.said = [];
const socket = new WebSocket("{socket}/jupyter/api/kernels/x/channels?session_id=x");
socket.onopen = () => said.push("socket opened");
socket.onerror = () => said.push("socket refused");
fetch("{page}/", {{credentials: "include"}}).then(a => a.text()).then(
    () => said.push("page read"), () => said.push("page refused"));
</script>"""
LEVER = {
    "weight": 0.1,
    "irreplaceability": 0.5,
    "step": 0.2,
    "domain": f"d {HOSTILE}",
    "source": HOSTILE,
}
SCENARIO = {
    "extends": "busan_2025",
    "name": "bad",
    "title": f"</title>{HOSTILE}",
    "description": f"<script>alert(1)</script> {HOSTILE}",
    "levers": {"US": {HOSTILE: LEVER}},
}
FACTOR = f"levers.US.{HOSTILE}.irreplaceability"
SWEEP = {
    "name": "s",
    "title": HOSTILE,
    "scenario": "bad.yaml",
    "replicates": 20,
    "design": [
        {"grid": {FACTOR: [0.2, 0.8], "parameters": ["calibrated_2025", f"{HOSTILE}.yaml"]}}
    ],
}
STUDY = {
    "name": HOSTILE,
    "scenario": "bad.yaml",
    "method": "morris",
    "samples": 4,
    "replicates": 20,
    "seed": 1,
    "outcomes": ["share_in_truce"],
    "factors": {FACTOR: {"low": 0.1, "high": 1}, "fatigue": {"low": 0, "high": 3}},
}


@pytest.fixture(scope="module")
def results(compiled):
    """A sweep, a study and a run with markup in every name, and pages made from them."""
    folder = OUT / "attacks"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "bad.yaml").write_text(yaml.safe_dump(SCENARIO))
    shutil.copy(ROOT / "configs/parameters/start_2025.yaml", folder / f"{HOSTILE}.yaml")
    for name, data in (("w.yaml", SWEEP), ("y.yaml", STUDY)):
        (folder / name).write_text(yaml.safe_dump(data))
    run_sweep(load_spec(folder / "w.yaml"), folder / f"sweep {HOSTILE}")
    run_study(load_study(folder / "y.yaml"), folder / "study")
    record = (ROOT / "seeds/record_2025.csv").read_text().replace("Executive order", HOSTILE)
    (folder / "r.csv").write_text(record)
    few = ["--replicates", "40", "--draws", "0", "--out"]
    scenario, branch = str(folder / "bad.yaml"), ["--from", "2025-10-06", "--skip", "S21"]
    own = ["--record", str(folder / "r.csv")]
    for words in (
        ["run", scenario, *few, str(folder / "run")],
        ["whatif", "baseline_2025", *own, *branch, *few, str(folder / "whatif")],
        ["plot", str(folder / "run")],
        ["report", str(folder / "run")],
        ["report", str(folder / "whatif")],
    ):
        assert main(words) == 0, words
    return folder


@pytest.fixture(scope="module")
def server(results):
    with (OUT / "server_attacks.log").open("w") as log:
        found = start_server(log, "--results", str(results.relative_to(ROOT)))
        try:
            wait_for(found)
            yield found
        finally:
            stop_server(found)


@pytest.fixture
def watched(visit):
    """A visit on which nothing foreign may run: no dialog, no request to elsewhere."""
    one, ran = visit(may_fail=True), []
    one.page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    one.page.on("request", lambda request: request.url.endswith("/x") and ran.append(request.url))
    yield one
    assert ran == []
    assert one.page.locator("img[src=x], svg[onload], [onerror]").count() == 0


@pytest.mark.parametrize("address", ADDRESSES)
def test_markup_in_an_address_runs_nothing(watched, address):
    watched.page.goto(watched.server.url(address.format(quote(MARKUP))), timeout=WAIT)
    watched.page.wait_for_selector("#main > *, .box", timeout=WAIT)
    watched.page.wait_for_timeout(300)


@pytest.mark.parametrize("folder", [f"sweep {HOSTILE}", "study", "run"])
def test_markup_in_results_runs_nothing(watched, folder):
    watched.page.goto(watched.server.url(f"/sweep?folder={quote(folder)}"), timeout=WAIT)
    watched.page.wait_for_selector(".picture img, .box", timeout=WAIT)
    slow = pytest.importorskip("playwright.sync_api").TimeoutError
    for name in watched.page.locator("select").evaluate_all("all => all.map(one => one.id)"):
        options = watched.page.locator(f"#{name} option")
        for value in options.evaluate_all("all => all.map(one => one.value)")[:3]:
            with contextlib.suppress(slow):  # another choice may have taken this one away
                watched.page.select_option(f"#{name}", value, timeout=3_000)
            watched.page.wait_for_timeout(500)
    assert HOSTILE in watched.page.content().replace("&lt;", "<").replace("&gt;", ">")


@pytest.mark.parametrize("name", ["side", "scenario", "set", "moves"])
def test_markup_in_a_saved_game_runs_nothing(watched, name):
    page = watched.page
    page.goto(watched.server.url("/play?moves=00"), timeout=WAIT)
    page.wait_for_selector("#press-hold", timeout=WAIT)
    game = json.loads(saved(page, "game_busan_2025_US_1.json"))
    game[name] = {"set": {HOSTILE: HOSTILE}, "moves": [HOSTILE]}.get(name, HOSTILE)
    content = json.dumps(game).encode()
    file = {"name": f"{HOSTILE}.json", "mimeType": "application/json", "buffer": content}
    page.set_input_files("#load-game", file)
    page.wait_for_selector(".box.error", timeout=WAIT)
    assert "<img" in page.inner_text(".box.error")


@pytest.mark.parametrize("place", ["run/report.html", "whatif/report.html"])
def test_markup_in_a_report_runs_nothing(watched, results, place):
    watched.page.goto((results / place).as_uri(), timeout=WAIT)
    watched.page.wait_for_timeout(500)
    assert watched.page.locator("h1").count() == 1


def test_markup_in_a_site_runs_nothing(watched, results, monkeypatch):
    monkeypatch.chdir(results)
    write_site(shipped_game(str(results / "bad.yaml")), Path("site"), draws=2)
    watched.page.goto((results / "site/index.html").as_uri(), timeout=WAIT)
    watched.page.wait_for_timeout(500)


def test_another_site_gets_nothing_though_the_browser_has_the_cookie(visit, server):
    """Another port of the same host: the cookie goes along, and the origin is another one."""
    text = FOREIGN.format(page=server.address, socket=server.address.replace("http", "ws", 1))

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    try:
        one = visit(may_fail=True)
        one.open("/replay")  # has the cookie from now on
        one.page.goto(f"http://127.0.0.1:{site.server_port}/", timeout=WAIT)
        one.page.wait_for_function("window.said.length >= 2", timeout=WAIT)
        assert sorted(one.page.evaluate("window.said")) == ["page refused", "socket refused"]
        assert one.page.frames[1].locator("#main").count() == 0  # not shown inside another page
    finally:
        site.shutdown()
        site.server_close()


@pytest.mark.parametrize("path", PATHS)
def test_no_file_leaves_by_a_path(server, path):
    try:
        status, body = 200, server.get(path)
    except HTTPError as error:
        status, body = error.code, error.read()
    assert status in (200, 400, 403, 404, 405)
    assert b"root:" not in body
    assert b"import negotiation_abm" not in body


@pytest.mark.parametrize("folder", OUTSIDE)
def test_no_folder_outside_the_results_is_opened(watched, folder):
    watched.page.goto(watched.server.url(f"/sweep?folder={quote(folder)}"), timeout=WAIT)
    watched.page.wait_for_selector(".box.error", timeout=WAIT)
    assert "Traceback" not in watched.page.inner_text("body")


def test_memory_is_flat_over_many_sessions(browser, server, timings):
    """Each opens a view, waits until it is there, and leaves."""
    memory, views = [], ("/replay", "/play", "/sweep", "/replay?week=30")
    for number in range(SESSIONS):
        context = browser.new_context()
        one = Visit(context.new_page(), server)
        one.open(views[number % len(views)])
        one.page.goto("about:blank")
        context.close()
        if number % (SESSIONS // 4) == SESSIONS // 4 - 1:
            memory.append(round(server.rss(), 1))
    timings["sessions"] = {"count": SESSIONS, "rss_mib_by_quarter": memory}
    assert memory[-1] < 1.05 * max(memory[:2]) + 10
