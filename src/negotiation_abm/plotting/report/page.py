"""The page: what a folder holds, put into the frame, what-ifs behind it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import read_manifest, writing
from negotiation_abm.plotting import style
from negotiation_abm.plotting.report.of_run import run_page
from negotiation_abm.plotting.report.of_whatif import is_whatif, listed, whatif_page
from negotiation_abm.plotting.report.parts import filled

PAGE = "report.html"


def write_report(folder: Path, whatifs: Iterable[Path] = ()) -> Path:
    """Write ``report.html`` to a folder that holds a run or a what-if.

    A study of sensitivity in the folder of a run (``sensitivity.csv``) adds what drives the
    outcome. Two printed pages, and one more for each what-if that is listed.

    Parameters
    ----------
    folder : Path
        What `negotiation-abm run` or `negotiation-abm whatif` has filled.
    whatifs : iterable of Path
        Folders of what-ifs to list behind it; one in the folder of a run itself is listed too.

    Returns
    -------
    Path
        The page: one file, which loads nothing.

    Raises
    ------
    InputError
        If the folder holds neither, or a folder of `whatifs` holds no what-if.
    """
    if not folder.is_dir():
        raise InputError(folder, "", "no such folder")
    manifest = read_manifest(folder)
    with style.context():
        if _holds_run(folder, manifest):
            made, (title, body) = manifest["run"], run_page(folder, manifest)
            own = [folder] if is_whatif(folder) else []
            others = list(dict.fromkeys([*own, *whatifs]))
        elif is_whatif(folder):
            made, (title, body) = manifest["whatif"], whatif_page(folder)
            others = [other for other in dict.fromkeys(whatifs) if other != folder]
        else:
            problem = (
                "holds no run and no what-if; `negotiation-abm run` or `negotiation-abm whatif` "
                "makes one"
            )
            raise InputError(folder, "", problem)
        sections = [body, *(listed(other, made) for other in others)]
    page = filled("template", {"title": title, "body": "\n".join(sections)})
    steps = [step for name, step in manifest.items() if name in ("run", "whatif", "sensitivity")]
    sources = [folder / file for step in steps for file in step.get("files", {})]
    with writing(folder, "report", {}, made_from=sources) as draft:
        draft.text(PAGE, page)
    return folder / PAGE


def _holds_run(folder: Path, manifest: dict[str, Any]) -> bool:
    return isinstance(manifest.get("run"), dict) and (folder / "summary.json").is_file()
