"""Names that hold markup are words on the page and in reports, whoever gave them."""

import ast
import html.parser
import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

import negotiation_abm
from cli_helpers import command, make_results
from negotiation_abm.files.provenance import file_hash

PACKAGE = Path(negotiation_abm.__file__).parent
MAKES_HTML = [
    *PACKAGE.glob("dashboard/**/*.py"),
    *PACKAGE.glob("plotting/report/*.py"),
    *PACKAGE.glob("plotting/site/*.py"),
]
ESCAPES = {"escape"}
# What a function of the package has made as HTML already, or numbers and words of its own.
ARE_HTML = {
    "dashboard/app.py": "current __version__ seed _getitem",
    "dashboard/parts/__init__.py": "mark cells side title head body table",
    "dashboard/parts/game.py": "side mark empty",
    "dashboard/parts/game_record.py": "percent",
    "dashboard/views/mesa.py": "count steps",
    "dashboard/parts/week.py": "body parts rows bars side kind value",
    "dashboard/views/sweep.py": "seed",
    "plotting/report/of_run.py": "shown text _figure",
    "plotting/report/of_whatif.py": "data body kind head join text",
    "plotting/report/parts.py": "text data image cells name",
    "plotting/site/parts.py": "top body side date place last usual cell join look",
}
NUMBERS = re.compile(r"[fdg%,]$")
FILES = ("manifest.json", "summary.json")
HOSTILE = "<img src=x onerror=alert(1)>"


def called(node):
    """Name of the function of a call, or of a plain name; else nothing."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def is_safe(node, allowed):
    """Is an expression HTML that holds nothing that was not escaped?"""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.JoinedStr):
        return all(is_safe(part, allowed) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        spec = ast.unparse(node.format_spec)[2:-1] if node.format_spec else ""
        return bool(NUMBERS.search(spec)) or is_safe(node.value, allowed)
    if isinstance(node, ast.IfExp):
        return is_safe(node.body, allowed) and is_safe(node.orelse, allowed)
    if isinstance(node, ast.BoolOp):
        return all(is_safe(part, allowed) for part in node.values)
    if isinstance(node, ast.BinOp):
        return all(is_safe(part, allowed | {"week"}) for part in (node.left, node.right))
    if isinstance(node, ast.Subscript):
        return is_safe(node.value, allowed)
    return called(node) in ESCAPES | allowed | {"len", "isoformat", "point", "source_hash"}


def html_in(tree):
    """Every expression that becomes HTML: what is given as such, and texts with tags in them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "unsafe_innerHTML":
            if not (isinstance(node.value, ast.Call) and called(node.value) == "join"):
                yield node.value
        elif isinstance(node, ast.JoinedStr):
            words = [part.value for part in node.values if isinstance(part, ast.Constant)]
            if re.search(r"</?[a-z]", "".join(words)):
                yield node


@pytest.mark.parametrize("path", MAKES_HTML, ids=lambda path: path.stem)
def test_html_is_made_of_what_is_escaped(path):
    place = path.relative_to(PACKAGE).as_posix()
    allowed = set(ARE_HTML.get(place, "").split()) | {"name", "LEAD", "text", "items", "wait"}
    found = [
        f"{place}:{node.lineno}: {ast.unparse(node)}"
        for node in html_in(ast.parse(path.read_text(encoding="utf-8")))
        if not is_safe(node, allowed)
    ]
    assert found == []


@pytest.mark.parametrize("path", [*PACKAGE.glob("dashboard/**/*.vue")], ids=lambda path: path.stem)
def test_templates_escape(path):
    text = path.read_text(encoding="utf-8")
    assert "v-html" not in text
    assert "innerHTML" not in text
    assert "eval(" not in text


class Tags(html.parser.HTMLParser):
    """Collects what a browser would run or fetch."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        is_live = any(name.startswith("on") for name, _ in attrs)
        source = dict(attrs).get("src") or dict(attrs).get("href") or ""
        if tag in ("script", "iframe", "object", "embed") or is_live:
            self.found.append((tag, attrs))
        if source and not source.startswith(("data:image/", "#")):
            self.found.append((tag, source))


def live(page):
    """Tags that run or fetch something."""
    tags = Tags()
    tags.feed(page)
    return tags.found


def test_a_report_of_a_hostile_scenario_runs_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    base = {"extends": "busan_2025", "name": "bad", "title": f"</title>{HOSTILE}"}
    base["description"] = f"<script>alert(1)</script> {HOSTILE} $x_{{$ ${{title}}"
    base["levers"] = {
        "US": {
            HOSTILE.replace(".", ""): {
                "weight": 0.1,
                "irreplaceability": 0.5,
                "step": 0.2,
                "domain": f"$d {HOSTILE}",
                "source": HOSTILE,
            }
        }
    }
    Path("bad.yaml").write_text(yaml.safe_dump(base))
    out = tmp_path / HOSTILE.replace("/", "")
    assert command(capsys, "run", "bad.yaml", "--replicates", 40, "--out", out).status == 0
    assert command(capsys, "plot", out).status == 0
    assert command(capsys, "report", out).status == 0
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert live(page) == []
    for picture in (out / "figures").glob("*.svg"):
        assert "<img" not in picture.read_text(encoding="utf-8")


def test_a_report_of_a_hostile_study_runs_nothing(capsys, results, tmp_path):
    """What the tables of a folder say is escaped too: they may come from somebody else."""
    folder = Path(shutil.copytree(results, tmp_path / "copy"))
    made, summary = (json.loads((folder / name).read_text()) for name in FILES)
    (folder / "summary.json").write_text(json.dumps(spoilt(summary)))
    made = spoilt(made)
    made["run"]["files"]["summary.json"] = file_hash(folder / "summary.json")
    (folder / "manifest.json").write_text(json.dumps(made))
    done = command(capsys, "report", folder)
    assert done.status == 0, done.err
    written = folder / "report.html"
    assert written.is_file()
    assert live(written.read_text(encoding="utf-8")) == []


def spoilt(data, key=""):
    """The data with markup behind every text that is neither a hash nor a name to look up."""
    if isinstance(data, dict):
        return {name: spoilt(item, name) for name, item in data.items()}
    if isinstance(data, list):
        return [spoilt(item, key) for item in data]
    loose = ("title", "description", "notes", "command", "commit", "name", "python", "created")
    return data + HOSTILE if isinstance(data, str) and key in loose else data


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return make_results(tmp_path_factory.mktemp("escaped") / "out")


@pytest.fixture
def sheets(monkeypatch):
    """What every component of the page gives out as HTML, by calling it outside a browser."""
    solara = pytest.importorskip("solara")
    found = []
    monkeypatch.setattr(solara, "HTML", lambda **given: found.append(given["unsafe_innerHTML"]))
    return found


def test_parts_of_the_page_escape(sheets):
    from negotiation_abm.dashboard import parts
    from negotiation_abm.dashboard.parts import game

    row = {"player": HOSTILE, "own": True, "name": HOSTILE, "text": HOSTILE, "covered": False}
    row |= {"in_force": 0.1, "loaded": 0.1}
    said = {"side": "own", "mark": HOSTILE, "date": HOSTILE, "text": HOSTILE}
    for component, given in [
        (parts.Note, (HOSTILE,)),
        (parts.Progress, (0.5, HOSTILE)),
        (parts.Table, ([(HOSTILE, "left")], [[HOSTILE]], HOSTILE)),
        (game.Facts, ([(HOSTILE, HOSTILE)],)),
        (game.Levers, ([row],)),
        (game.Log, ([said],)),
    ]:
        component.f(*given)
    assert len(sheets) == 6
    assert all(HOSTILE not in sheet for sheet in sheets)
    assert [live(sheet) for sheet in sheets] == [[]] * 6
