"""What the tests of the page share: the server, one visit, screenshots, downloads."""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from negotiation_abm.dashboard.guard import TOKEN, cookie_name

ROOT = Path(__file__).parents[1]
OUT = ROOT / "results" / "e2e"
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
VIEW_SECONDS = float(os.environ.get("VIEW_SECONDS", 30))  # more on a busy machine
DRAWN = ".picture img"


@dataclass
class Server:
    process: subprocess.Popen
    address: str
    began: float  # when the process was started
    token: str = "of-the-tests"

    def url(self, path="/"):
        """An address that lets a browser in."""
        return f"{self.address}{path}{'&' if '?' in path else '?'}token={self.token}"

    def get(self, path="/"):
        """What the server answers to one who has been let in."""
        name = cookie_name(int(self.address.rpartition(":")[2]))
        asked = urllib.request.Request(self.address + path)
        asked.add_header("Cookie", f"{name}={self.token}")
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return answer.read()

    def rss(self):
        """Resident memory, MiB."""
        import psutil

        return psutil.Process(self.process.pid).memory_info().rss / 2**20

    def cpu(self):
        """Seconds of processor time used so far, over all its threads."""
        import psutil

        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_server(log, *options, **variables):
    """A server of its own; `variables` are added to its environment."""
    port = free_port()
    words = ["dashboard", "--no-browser", "--port", str(port), *options]
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "negotiation_abm.cli", *words],
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env=os.environ | {TOKEN: Server.token} | variables,
    )
    return Server(process, f"http://127.0.0.1:{port}", began)


def wait_for(server, seconds=2.0 * VIEW_SECONDS):
    """Seconds from the start of the process to the first answer."""
    while time.perf_counter() - server.began < seconds:
        assert server.process.poll() is None, "the server has ended"
        with contextlib.suppress(OSError):  # refused, or too busy to answer in time
            server.get()
            return time.perf_counter() - server.began
        time.sleep(0.02)
    raise AssertionError(f"no answer in {seconds} s")


def is_quiet():
    """Is there a core for what is timed? Else seconds say more of the machine than of the page."""
    return os.getloadavg()[0] < len(os.sched_getaffinity(0))


def stop_server(server):
    server.process.send_signal(signal.SIGINT)
    try:
        server.process.wait(10)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


@dataclass
class Visit:
    """One browser page, with what went wrong on it."""

    page: object
    server: Server
    problems: list = field(default_factory=list)

    def watch(self):
        self.page.set_default_timeout(1000 * VIEW_SECONDS)
        page, own = self.page, (self.server.address, self.server.address.replace("http", "ws", 1))
        page.on("console", lambda m: m.type == "error" and self.problems.append(m.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("websocket", lambda ws: ws.url.startswith(own) or self.problems.append(ws.url))

        def asked(request):
            if not request.url.startswith((*own, "data:", "blob:")):
                self.problems.append(f"asks for {request.url}")

        page.on("request", asked)
        page.on(
            "response", lambda r: r.status >= 400 and self.problems.append(f"{r.status} {r.url}")
        )

    def open(self, path, ready="#main > *"):
        self.page.goto(self.server.url(path))
        self.page.wait_for_selector(ready, timeout=1000 * VIEW_SECONDS)
        return self.page

    def settle(self):
        """Wait until a figure is drawn and nothing is being computed."""
        self.page.wait_for_selector(DRAWN, timeout=1000 * VIEW_SECONDS)
        self.page.wait_for_function(
            "() => !document.querySelector('.picture.stale, .picture.empty')",
            timeout=1000 * VIEW_SECONDS,
        )
        self.page.wait_for_timeout(250)


def shot(visit, name):
    """A screenshot of the whole page, for the docs."""
    visit.page.evaluate("document.activeElement && document.activeElement.blur(); scrollTo(0, 0)")
    path = OUT / f"dashboard_{name}.png"
    visit.page.screenshot(path=path, full_page=True)
    with Image.open(path) as image:  # 256 colours: a third of the size
        small = image.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=1)
    small.save(path, optimize=True)


def spot(page, selector, x=0.5, y=0.5):
    """Where on the screen a share of the width and height of an element is, in view."""
    one = page.locator(selector).first
    one.scroll_into_view_if_needed()
    page.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
    box = one.bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def saved(page, name):
    """The bytes of a download by its file name."""
    with page.expect_download() as waiting:
        page.click(f"[data-file='{name}']")
    return Path(waiting.value.path()).read_bytes()


def fits(page):
    """Is there nothing to scroll sideways?"""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def command_of(page):
    """Words of the command that the page shows, to be run with this Python."""
    words = shlex.split(page.inner_text(".command code"))
    assert words[0] == "negotiation-abm"
    return [sys.executable, "-m", "negotiation_abm.cli", *words[1:]]
