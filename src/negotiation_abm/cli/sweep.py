"""`sweep` and `merge`: many points of a scenario, many runs of each."""

import argparse
import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from negotiation_abm.cli.options import add_json, add_set, as_path, changes_of, command, count
from negotiation_abm.cli.output import print_result
from negotiation_abm.files.damage import reading
from negotiation_abm.files.errors import InputError, shown

SWEEP_EXAMPLES = """examples:
  negotiation-abm sweep rare_earths_breach --out results/phase
  negotiation-abm sweep my_sweep.yaml --dry-run
  negotiation-abm sweep my_sweep.yaml --replicates 5000 --extend
  negotiation-abm sweep my_sweep.yaml --scheduler tcp://10.0.0.5:8786
  negotiation-abm sweep my_sweep.yaml --shard 3/5      (then: negotiation-abm merge results/NAME)

A sweep that was stopped, however, goes on when the same command is given again.
"""


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "play many points of a scenario many times and summarise each"
    parser = command(commands, "sweep", _sweep, text, SWEEP_EXAMPLES)
    parser.add_argument("spec", metavar="SPEC", help="path or shipped name of a sweep")
    add_set(parser, "change the scenario at every point (repeatable)")
    parser.add_argument("--replicates", metavar="N", type=count, help="in place of the spec's")
    parser.add_argument("--out", metavar="DIR", type=as_path, help="folder (default: results/NAME)")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--threads", metavar="N", type=count, help="threads (default: all cores)")
    who.add_argument("--processes", metavar="N", type=count, help="processes of this machine")
    who.add_argument("--workers", metavar="N", type=count, help="a local Dask cluster of N workers")
    who.add_argument("--scheduler", metavar="ADDRESS", help="the Dask cluster at this address")
    parser.add_argument("--shard", metavar="I/N", type=_shard, help="play part I of N only")
    parser.add_argument(
        "--chunk-size", metavar="N", type=count, help="runs a unit of work (default: a second's)"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what it would take, and stop")
    parser.add_argument("--retry-failed", action="store_true", help="try again what failed before")
    parser.add_argument(
        "--extend", action="store_true", help="allow more replicates or points than begun with"
    )
    add_json(parser)
    text = "put the shards of a sweep together and summarise it"
    merge = command(commands, "merge", _merge, text)
    merge.add_argument("out", metavar="DIR", type=as_path, help="folder of the whole sweep")
    merge.add_argument(
        "shards", metavar="SHARD", type=as_path, nargs="*", help="folders (default: DIR/shard-*)"
    )
    add_json(merge)


def _shard(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if found and 1 <= int(found[1]) <= int(found[2]):
        return int(found[1]), int(found[2])
    problem = f"{shown(text)} is no part of a whole; allowed: 1/5 to 5/5, say"
    raise argparse.ArgumentTypeError(problem)


def _sweep(options: argparse.Namespace) -> int:
    from negotiation_abm.cli.tables import progress_bar
    from negotiation_abm.sweep.runner import run_sweep
    from negotiation_abm.sweep.spec import load_spec

    spec = load_spec(options.spec, changes_of(options), options.replicates)
    with _team(options) as team:
        if options.dry_run:
            return _dry_run(spec, team, options.json)
        out = options.out or Path("results") / spec.name
        if options.shard and not options.out:
            out = out / f"shard-{options.shard[0]}-of-{options.shard[1]}"
        try:
            with progress_bar(1, "runs") as progress:
                result = run_sweep(
                    spec,
                    out,
                    team,
                    options.chunk_size,
                    options.shard,
                    options.retry_failed,
                    options.extend,
                    progress,
                    _say,
                )
        except KeyboardInterrupt:
            print(
                f"interrupted: what {out} holds is whole; the same command goes on from there",
                file=sys.stderr,
            )
            return 130
    return _report(result, options.json, bool(options.shard))


def _dry_run(spec: Any, team: Any, as_json: bool) -> int:
    import dataclasses

    from negotiation_abm.cli.tables.sweep import print_forecast
    from negotiation_abm.sweep.forecast import forecast
    from negotiation_abm.sweep.plan import make_plan

    plan = make_plan(spec)
    found = forecast(plan, team)
    print_result(dataclasses.asdict(found), as_json, lambda: print_forecast(spec, found))
    return 0


@contextlib.contextmanager
def _team(options: argparse.Namespace) -> Iterator[Any]:
    from negotiation_abm.sweep import executors

    if options.scheduler or options.workers:
        chosen = executors.dask(options.scheduler, options.workers)
    elif options.processes:
        chosen = executors.processes(options.processes)
    else:
        chosen = executors.threads(options.threads)
    with chosen as team:
        yield team


def _merge(options: argparse.Namespace) -> int:
    from negotiation_abm.sweep.shards import merge_shards

    shards = options.shards or sorted(options.out.glob("shard-*-of-*"))
    if not shards:
        raise InputError(options.out, "", "holds no shard-*-of-*; name the folders of the shards")
    with reading(*shards, options.out):
        result = merge_shards(options.out, shards, _say)
    return _report(result, options.json, False)


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _report(result: Any, as_json: bool, is_shard: bool) -> int:
    """Print what a sweep came to; 1 if something could not be played."""
    import dataclasses

    from negotiation_abm.cli.tables.sweep import MOST_ROWS, print_sweep
    from negotiation_abm.sweep.summary import first_points

    def show() -> None:
        print_sweep(result, None if is_shard else first_points(result.folder, MOST_ROWS))

    print_result(dataclasses.asdict(result), as_json, show)
    return 1 if result.failures else 0
