"""Bad inputs of modules through the command line: status 2, one line with file and place."""

from pathlib import Path

import pytest

from cli_helpers import command, refused
from helpers import write_yaml
from module_helpers import pledge
from negotiation_abm.core.modules.delivery import MAX_PLEDGES
from negotiation_abm.core.modules.shocks import MAX_SHOCKS

pytestmark = pytest.mark.usefixtures("own_folder")
HORIZON = "outside the horizon; allowed: 2025-11-10 to 2027-11-07"


def pledges(*changes):
    return {"delivery": {"pledges": [pledge(**one) for one in changes]}}


def shocks(**columns):
    usual = {"quantity": "strain", "date": "2026-01-05", "add": 1}
    event = usual | columns
    return {"shocks": {"events": [{k: v for k, v in event.items() if v is not None}]}}


def change(**columns):
    return {"negotiator": {"changes": [{"date": "2026-01-05", "player": "US"} | columns]}}


def issue(weights=None, **columns):
    event = {"date": "2026-01-05", "issue": "taiwan", "player": "US"} | columns
    return {"side_issues": {"weights": weights or {"taiwan": 0.1}, "events": [event]}}


# Modules of the scenario, or values; place; what the line must say about it.
CASES = {
    "due before made": (
        pledges({"made": "2025-12-01", "due": "2025-11-30"}),
        "modules.delivery.pledges.0.due",
        ("2025-11-30 is before it is made, 2025-12-01",),
    ),
    "one pledge, two owners": (
        pledges({}, {"player": "US", "lever": "chips"}),
        "modules.delivery.pledges.1.player",
        ("'buy' has more than one owner: CHINA and US",),
    ),
    "pledge on an unknown lever": (
        pledges({}, {"name": "more", "lever": "soybean"}),
        "modules.delivery.pledges.1.lever",
        ("'CHINA.soybean' is a lever that no one owns", "did you mean 'CHINA.soybeans'?"),
    ),
    "pledge on the other side's lever": (
        pledges({"lever": "chips"}),
        "modules.delivery.pledges.0.lever",
        ("'CHINA.chips' is a lever that no one owns", "did you mean 'US.chips'?"),
    ),
    "pledge of an unknown player": (
        pledges({"player": "CHINNA"}),
        "modules.delivery.pledges.0.player",
        ("unknown player 'CHINNA'; did you mean 'CHINA'?", "allowed: US, CHINA"),
    ),
    "pledge of no weight": (
        {"delivery": {"pledges": [{k: v for k, v in pledge().items() if k != "weight"}]}},
        "modules.delivery.pledges.0.weight",
        ("missing",),
    ),
    "pledge of too great a weight": (
        pledges({"weight": 11}),
        "modules.delivery.pledges.0.weight",
        ("11", "less than or equal to 10"),
    ),
    "pledge with a misspelt key": (
        pledges({"ammount": "12 Mt"}),
        "modules.delivery.pledges.0.ammount",
        ("unknown; did you mean 'amount'?",),
    ),
    "too many pledges": (
        pledges(*[{"name": f"p{k}"} for k in range(MAX_PLEDGES + 1)]),
        "modules.delivery.pledges",
        ("at most 8 items", "not 9"),
    ),
    "delivery without a list": (
        {"delivery": {"pledges": None}},
        "modules.delivery.pledges",
        ("None", "valid list"),
    ),
    "change of negotiator of an unknown player": (
        change(player="USA"),
        "modules.negotiator.changes.0.player",
        ("unknown player 'USA'; did you mean 'US'?",),
    ),
    "change of negotiator after the horizon": (
        change(date="2027-11-08"),
        "modules.negotiator.changes.0.date",
        (f"2027-11-08 is {HORIZON}",),
    ),
    "change of negotiator before the start": (
        change(date="2025-11-09"),
        "modules.negotiator.changes.0.date",
        (f"2025-11-09 is {HORIZON}",),
    ),
    "change of negotiator too great": (
        change(initiative=21),
        "modules.negotiator.changes.0.initiative",
        ("21", "less than or equal to 20"),
    ),
    "negative ramp": (
        change(ramp_weeks=-1),
        "modules.negotiator.changes.0.ramp_weeks",
        ("-1", "greater than or equal to 0"),
    ),
    "event on an issue without weight": (
        issue({"taiwan": 0.1, "ukraine": 0.2}, issue="taiwann"),
        "modules.side_issues.events.0.issue",
        ("'taiwann' has no weight; did you mean 'taiwan'?", "allowed: taiwan, ukraine"),
    ),
    "negative weight of an issue": (
        issue({"taiwan": -0.1}),
        "modules.side_issues.weights.taiwan",
        ("-0.1", "greater than or equal to 0"),
    ),
    "event for an unknown player": (
        issue(player="TAIWAN"),
        "modules.side_issues.events.0.player",
        ("unknown player 'TAIWAN'", "allowed: US, CHINA"),
    ),
    "event outside the horizon": (
        issue(date="2025-01-05"),
        "modules.side_issues.events.0.date",
        (f"2025-01-05 is {HORIZON}",),
    ),
    "shock to what is no state": (
        shocks(quantity="strane"),
        "modules.shocks.events.0.quantity",
        ("unknown quantity 'strane'; did you mean 'strain'?",),
    ),
    "shock with neither date nor rate": (
        shocks(date=None),
        "modules.shocks.events.0",
        ("give either date or rate",),
    ),
    "shock with date and rate": (
        shocks(rate=0.1),
        "modules.shocks.events.0",
        ("give either date or rate",),
    ),
    "shock that neither sets nor adds": (
        shocks(add=None),
        "modules.shocks.events.0",
        ("give either set or add",),
    ),
    "shock that sets and adds": (
        shocks(set=1),
        "modules.shocks.events.0",
        ("give either set or add",),
    ),
    "shock at too high a rate": (
        shocks(date=None, rate=1.5),
        "modules.shocks.events.0.rate",
        ("1.5", "less than or equal to 1"),
    ),
    "shock outside the horizon": (
        shocks(date="2030-01-05"),
        "modules.shocks.events.0.date",
        (f"2030-01-05 is {HORIZON}",),
    ),
    "shock to a lever that is not named": (
        shocks(quantity="intensity"),
        "modules.shocks.events.0.lever",
        ("missing; intensity has one",),
    ),
    "shock to a lever that no one owns": (
        shocks(quantity="loaded", lever="US.chip"),
        "modules.shocks.events.0.lever",
        ("'US.chip' is a lever that no one owns; did you mean 'US.chips'?",),
    ),
    "shock to a player that is not named": (
        shocks(quantity="anger"),
        "modules.shocks.events.0.player",
        ("missing; anger has one",),
    ),
    "shock to an unknown player": (
        shocks(quantity="felt", player="CHIN"),
        "modules.shocks.events.0.player",
        ("unknown player 'CHIN'; did you mean 'CHINA'?",),
    ),
    "too many shocks": (
        {"shocks": {"events": shocks()["shocks"]["events"] * (MAX_SHOCKS + 1)}},
        "modules.shocks.events",
        ("at most 12 items", "not 13"),
    ),
    "lever of world scope that no one owns": (
        {"coalition": {"levers": ["US.chips", "CHINA.rare_earth"]}},
        "modules.coalition.levers.1",
        ("'CHINA.rare_earth'", "did you mean 'CHINA.rare_earths'?"),
    ),
    "retained lever that no one owns": (
        {"status": {"levers": ["chips"]}},
        "modules.status.levers.0",
        ("'chips' is a lever that no one owns; did you mean 'US.chips'?",),
    ),
    "unknown module": (
        {"mediaton": {}},
        "modules.mediaton",
        ("unknown; did you mean 'mediation'?",),
    ),
    "unknown module of one's own": (
        {"own": ["mediation", "colition"]},
        "modules.colition",
        ("unknown; did you mean 'coalition'?",),
    ),
    "module that takes no inputs": (
        {"decoupling": {"power": 2}},
        "modules.decoupling.power",
        ("unknown",),
    ),
}

VALUES = {
    "negative lag": (
        {"alternative_supply_lag_weeks": -4},
        ("set.alternative_supply_lag_weeks: -4", "allowed: 4 to 2600 (weeks)"),
    ),
    "rate that is no number": (
        {"mediation_rate": "often"},
        ("set.mediation_rate: 'often'", "valid number"),
    ),
    "rate above 1": ({"mediation_rate": 1.5}, ("set.mediation_rate: 1.5", "allowed: 0 to 1")),
    "diligence of an unknown player": (
        {"diligence.CHIN": 1},
        ("set.diligence.CHIN: unknown player; did you mean 'CHINA'?",),
    ),
    "misspelt parameter": (
        {"delivery_slak": 0.1},
        ("set.delivery_slak: unknown parameter; did you mean 'delivery_slack'?",),
    ),
}


def scenario(modules, values=None, name="bad.yaml"):
    data = {"extends": "busan_2025", "name": "bad", "modules": modules, "set": values or {}}
    return write_yaml(Path(name), data)


@pytest.mark.parametrize("case", CASES)
def test_module(capsys, case):
    modules, place, fragments = CASES[case]
    path = scenario({"delivery": None} | modules)
    expected = (f"error: {path}: {place}: ", *fragments)
    words = ("run", path, "--replicates", 2, "--out", "out")
    said = refused(capsys, words, expected)
    assert refused(capsys, ("check", path), expected) == said


@pytest.mark.parametrize("case", VALUES)
def test_value(capsys, case):
    values, fragments = VALUES[case]
    path = scenario({"alternative_supply": {}, "mediation": {}}, values)
    refused(capsys, ("run", path, "--replicates", 2, "--out", "out"), (str(path), *fragments))


@pytest.mark.parametrize("word", ["modules.mediaton={}", "modules.mediation.rate=1"])
def test_option(capsys, word):
    name = word.partition("=")[0]
    words = ("run", "busan_2025", "--replicates", 2, "--out", "out", "--set", word)
    refused(capsys, words, ("--set", f"{name}: unknown"))


HEADER = "id,date,player,move,lever,level,decision\n"
DELIVERIES = {
    "unknown pledge": (
        "a,2025-12-01,CHINA,DELIVER,,0.5,bye",
        ("line 2 (a), decision: unknown pledge 'bye'; did you mean 'buy'?",),
    ),
    "no pledge": ("a,2025-12-01,CHINA,DELIVER,,0.5,", ("line 2 (a), decision", "DELIVER")),
    "no level": ("a,2025-12-01,CHINA,DELIVER,,,buy", ("line 2 (a), decision", "a level")),
    "level above 1": (
        "a,2025-12-01,CHINA,DELIVER,,1.5,buy",
        ("line 2, level: '1.5'; allowed: a number from 0 to 1",),
    ),
    "delivery of both": (
        "a,2025-12-01,both,DELIVER,,0.5,buy",
        ("line 2 (a), player: both; a DELIVER has one player",),
    ),
    "delivery after the horizon": (
        "a,2030-12-01,CHINA,DELIVER,,0.5,buy",
        ("line 2 (a), date: 2030-12-01 is outside the horizon",),
    ),
    "misspelt move": (
        "a,2025-12-01,CHINA,DELIVERS,,0.5,buy",
        ("line 2, move: 'DELIVERS'; did you mean 'DELIVER'?",),
    ),
}


@pytest.mark.parametrize("case", DELIVERIES)
def test_delivery(capsys, case):
    line, fragments = DELIVERIES[case]
    path = scenario(pledges({}))
    record = Path("bad.csv")
    record.write_text(HEADER + line + "\n")
    words = ("replay", path, "--record", record, "--out", "out")
    said = refused(capsys, words, (f"error: {record}: ", *fragments))
    assert refused(capsys, ("check", path, record), ()) == said


def test_files_without_a_fault_are_accepted(capsys):
    """Else the cases above could be refused for another reason."""
    modules = pledges({}) | shocks() | change() | issue()
    path = scenario(modules, {"alternative_supply_lag_weeks": 4})
    Path("good.csv").write_text(HEADER + "a,2025-12-01,CHINA,DELIVER,,0.5,buy\n")
    assert command(capsys, "check", path, "good.csv").status == 0
    words = ("run", path, "--replicates", 2, "--out", "out")
    assert command(capsys, *words).status == 0


def test_full_lists_are_accepted(capsys):
    modules = pledges(*[{"name": f"p{k}"} for k in range(MAX_PLEDGES)])
    modules["shocks"] = {"events": shocks()["shocks"]["events"] * MAX_SHOCKS}
    assert command(capsys, "check", scenario(modules)).status == 0


def test_pledge_due_before_the_start_is_refused(capsys):
    path = scenario(pledges({"made": "2025-01-01", "due": "2025-02-01"}))
    refused(capsys, ("check", path), ("modules.delivery.pledges.0.due", "2025-02-01"))


def test_one_name_for_two_pledges_is_refused(capsys):
    path = scenario(pledges({}, {"made": "2026-01-01", "due": "2026-12-31"}))
    refused(capsys, ("check", path), ("modules.delivery.pledges.1", "buy"))


def test_line_about_too_many_pledges_can_be_read(capsys):
    path = scenario(CASES["too many pledges"][0])
    assert len(refused(capsys, ("check", path), ())) < 300
