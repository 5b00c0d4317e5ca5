"""Write the files of this folder: every third-party package, its version and its hashes.

    python requirements/renew.py             # what pyproject.toml asks for, at the versions of now
    python requirements/renew.py --upgrade   # at the newest versions

Needs uv. Afterwards run `make test` and `make verify`, and note in CHANGELOG.md any output that
changed. Versions are for Python 3.11, hashes for every platform. A file holds what its target needs
beyond the files that it names with ``-r``; pip installs them with ``--no-deps --require-hashes``.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent / "pyproject.toml"
# Each file: the file that it builds on, and extras of the package.
FILES: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "build": (None, ()),
    "run": ("build", ("",)),
    "lint": ("run", ("", "lint")),
    "dashboard": ("run", ("", "dashboard")),
    "test": ("dashboard", ("", "test", "oracles")),
    "e2e": ("test", ("", "test", "oracles", "e2e")),
    "mutants": ("test", ("", "test", "oracles", "mutants")),
}
# What packages that come as source are built with; hatchling needs editables for an editable one.
BUILD = ("setuptools", "wheel", "editables")
UV = (
    "uv pip compile - -q --universal --python-version 3.11 --no-header --no-annotate"
    " --no-emit-index-url"
)
HEAD = "# Written by renew.py, which says how.\n"


def wanted(extras: tuple[str, ...], about: dict) -> list[str]:
    """Requirements of the package with these extras; of its build where there are none."""
    if not extras:
        return [*about["build-system"]["requires"], *BUILD]
    found: list[str] = []
    for extra in extras:
        own = about["project"]["optional-dependencies"][extra] if extra else []
        for text in own or about["project"]["dependencies"]:
            inner = re.match(r"negotiation-abm\[(.*)\]", text)
            found += wanted(tuple(inner[1].split(",")), about) if inner else [text]
    return found


def resolved(requirements: list[str], *options: str) -> list[str]:
    """The lines of a package with its hashes, in order of names, one text each."""
    done = subprocess.run(
        [*UV.split(), *options], input="\n".join(requirements), capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stderr)
    return [block + "\n" for block in re.split(r"\n(?=\S)", done.stdout.rstrip("\n"))]


def name_of(block: str) -> str:
    return re.split(r"[=\s]", block, maxsplit=1)[0]


def main() -> None:
    about = tomllib.loads(PROJECT.read_text(encoding="utf-8"))
    kept = [line for path in HERE.glob("*.txt") for line in path.read_text().splitlines()]
    known = [line.rstrip(" \\") for line in kept if line[:1].isalnum()]
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder, "pins.txt")
        pins.write_text("\n".join([] if "--upgrade" in sys.argv else known))
        every = [text for _, extras in FILES.values() for text in wanted(extras, about)]
        pins.write_text("".join(resolved(every, "-c", str(pins))))
        names: dict[str, set[str]] = {}
        for file, (base, extras) in FILES.items():
            blocks = resolved(wanted(extras, about), "-c", str(pins), "--generate-hashes")
            names[file] = {name_of(block) for block in blocks} | names.get(base or "", set())
            head = HEAD + (f"-r {base}.txt\n" if base else "")
            new = [block for block in blocks if name_of(block) not in names.get(base or "", set())]
            HERE.joinpath(f"{file}.txt").write_text(head + "".join(new), encoding="utf-8")
            print(f"{file}.txt: {len(new)} packages")


if __name__ == "__main__":
    main()
