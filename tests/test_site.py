"""The site: answer first, opened from disk, nothing loaded, data as the commands write them."""

import json
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from cli_helpers import command, shipped_game
from negotiation_abm.files.words import percent, span
from negotiation_abm.plotting.site import write_site
from negotiation_abm.run.range_words import estimate
from report_helpers import browse, needs_browser, num_pages, requests_of, visible

pytestmark = pytest.mark.slow
DRAWS = 6
FILES = ("posterior", "reference_class", "episodes", "grid", "whatifs", "forecasts", "events")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "out"
    write_site(shipped_game("busan_2025"), folder, draws=DRAWS)
    return folder


def data_of(site):
    found = re.search(r'id="data">(.*?)</script>', (site / "index.html").read_text(), re.DOTALL)
    return json.loads(found[1])


def table_of(site, name):
    return pd.read_csv(site / "data" / f"{name}.csv")


def test_its_tables_are_those_of_the_commands(capsys, site, tmp_path):
    """Byte for byte: the range of `run` at the same seed and draws, the tables of `episodes`."""
    asked = ("--replicates", 20, "--draws", DRAWS, "--out", tmp_path / "run")
    assert command(capsys, "run", "busan_2025", *asked).status == 0
    assert command(capsys, "episodes", "--out", tmp_path / "episodes").status == 0
    for folder, name in (("run", "posterior"), ("episodes", "reference_class"),
                         ("episodes", "episodes")):  # fmt: skip
        own = (site / "data" / f"{name}.csv").read_bytes()
        assert own == (tmp_path / folder / f"{name}.csv").read_bytes(), name


def test_it_gives_the_answer_of_the_run_with_its_range(site):
    table = table_of(site, "posterior")
    row = table[(table["measure"] == "covered") & (table["week"] == 52)].iloc[0]
    page = visible((site / "index.html").read_text()).replace("\N{NO-BREAK SPACE}", " ")
    assert f"about {percent(row['survival'])}, and anything from" in page
    assert span(row["low"], row["high"]) in page
    assert page.index(span(row["low"], row["high"])) < page.rindex("How it was made")


def test_sliders_at_their_usual_places_give_the_answer(site):
    data = data_of(site)
    usual = {slider["name"]: slider["usual"] for slider in data["sliders"]}
    grid, answer = table_of(site, "grid"), table_of(site, "posterior")
    for name, place in usual.items():
        grid = grid[grid[name] == place]
    for row in grid.to_dict(orient="records"):
        same = answer[(answer["measure"] == row["measure"]) & (answer["week"] == row["days"] // 7)]
        expected = same.iloc[0][["survival", "low", "high"]].tolist()
        assert [row["share"], row["low"], row["high"]] == pytest.approx(expected, abs=1e-5)
    points = 1
    for slider in data["sliders"]:
        points *= len(slider["choices"])
    assert len(data["grid"]) == points * 2 * 3


def test_every_event_stands_with_its_source(site):
    events = table_of(site, "events")
    assert events["sources"].notna().all()
    assert not events["sources"].str.contains(r"document \d").any()
    assert (site / "index.html").read_text().count('<p class="source">Source: ') == len(events)


def test_forecasts_have_scores_where_the_record_goes_so_far(site):
    table = table_of(site, "forecasts")
    scored = table[table["brier"].notna()]
    assert len(scored)
    assert (scored["outcome"].notna()).all()
    expected = (scored["share"] - scored["outcome"].astype(str).eq("True")) ** 2
    assert scored["brier"].tolist() == pytest.approx(expected.tolist(), abs=1e-4)


def test_it_is_small_and_speaks_plainly(site):
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < 3_000_000
    page = visible(
        re.sub(r"<script.*?</script>", "", (site / "index.html").read_text(), flags=re.S)
    )
    before_details = page[: page.rindex("How it was made")]
    for raw in ("CHINA", "market_access", "any_domain", "rmst", "ESCALATE", "logit"):
        assert raw not in before_details, raw
    assert all((site / "data" / f"{name}.csv").is_file() for name in FILES)


def test_its_html_is_well_formed_and_loads_nothing(site):
    """Each element that is opened is closed; no address but the data beside it."""
    text = (site / "index.html").read_text()

    class Reader(HTMLParser):
        def __init__(self):
            super().__init__()
            self.stack, self.links = [], []

        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "link", "input", "br", "img"):
                self.stack.append(tag)
            self.links += [v for k, v in attrs if k in ("src", "href") and v]

        def handle_endtag(self, tag):
            assert self.stack.pop() == tag

    reader = Reader()
    reader.feed(text)
    assert reader.stack == []
    assert all(re.match(r"#\w+$|data/\w+\.csv$|data:,$", link) for link in reader.links)
    assert "default-src 'none'" in text
    for link in reader.links:
        assert link.startswith(("#", "data:")) or (site / link).is_file()


@needs_browser
def test_opened_from_disk_it_draws_requests_nothing_and_prints(site, tmp_path):
    assert requests_of(tmp_path, site / "index.html") == set()
    shown = browse(tmp_path, site / "index.html", "--dump-dom").stdout.decode()
    assert shown.count("<svg") == 3
    year = table_of(site, "grid").query("days == 365 and measure == 'covered'")
    assert "As agreed, the truce is still in force after a year with a chance of" in shown
    assert year["share"].between(0, 1).all()
    assert 3 <= num_pages(tmp_path, site / "index.html") <= 20


def test_what_it_cannot_be_made_of(capsys, tmp_path):
    done = command(capsys, "site", tmp_path / "a", "--scenario", "baseline_2025")
    assert done.status == 2
    assert "the site is about a truce in force" in done.err
    assert not (tmp_path / "a" / "index.html").exists()
    assert estimate([None, None, None]) == "beyond data"
