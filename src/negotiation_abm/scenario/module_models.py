"""The format of the inputs of modules, made from what each module declares (`core.inputs`)."""

import math
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field, create_model, model_validator

from negotiation_abm.core.inputs import NEEDED, Key
from negotiation_abm.core.modules import MODULES, NAMES
from negotiation_abm.scenario.fields import CONFIG, Day, Number, Whole

_TYPES: dict[str, Any] = {
    "number": Number,
    "whole": Whole,
    "text": str,
    "choice": str,
    "day": Day,
    "player": str,
    "lever": str,
    "own_lever": str,
    "levers": list[str],
}


class Inputs(BaseModel):
    """Inputs of one module, as a scenario gives them, or one entry of a list in them."""

    model_config = CONFIG


class _Modules(BaseModel):
    """Modules that are on, with their inputs; see ``docs/mechanisms.md``."""

    model_config = CONFIG

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Inputs of a module, or None where it is off."""

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, given: Any) -> Any:
        """``own: [NAME]``, the older way to switch on what needs no inputs, as ``NAME: {}``."""
        if not isinstance(given, dict) or not isinstance(given.get("own"), list):
            return given
        own: dict[str, Any] = {str(name): {} for name in given["own"]}
        return own | {name: value for name, value in given.items() if name != "own"}

    def names(self) -> list[str]:
        """Names of the modules that are on."""
        return [name for name in NAMES if getattr(self, name) is not None]

    def inputs(self) -> dict[str, Inputs]:
        """Inputs of the modules that are on, by name."""
        return {name: getattr(self, name) for name in self.names()}


def _type_of(title: str, key: Key) -> Any:
    """Annotated type of one key."""
    limits: dict[str, Any] = {}
    if key.kind in ("number", "whole", "weights"):
        bounds = {"ge": key.low, "le": key.high}
        limits = {name: bound for name, bound in bounds.items() if math.isfinite(bound)}
    if key.kind == "weights":
        return dict[str, Annotated[Number, Field(**limits)]]
    if key.kind == "entries":
        entry = _model(f"{title}{_title(key.name)}", key.doc, key.keys)
        return Annotated[list[entry], Field(max_length=key.most)]  # type: ignore[valid-type]
    if key.kind == "choice":
        limits = {"json_schema_extra": {"enum": list(key.words)}}
    return Annotated[_TYPES[key.kind], Field(**limits)]


def _field(title: str, key: Key) -> tuple[Any, Any]:
    """Type and field of one key, for `pydantic.create_model`."""
    kind = _type_of(title, key)
    description = key.doc or None
    if key.default is NEEDED:
        return kind, Field(description=description)
    if key.default is None:
        return kind | None, Field(default=None, description=description)
    default = list(key.default) if key.kind == "levers" else key.default
    return kind, Field(default=default, description=description)


def _title(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _model(title: str, doc: str, keys: tuple[Key, ...]) -> type[Inputs]:
    """A model with a name in this file, so that scenarios can be pickled."""
    fields: dict[str, Any] = {key.name: _field(title, key) for key in keys}
    model = create_model(
        title, __base__=Inputs, __doc__=doc or title, __module__=__name__, **fields
    )
    globals()[title] = model
    return model


def _module_field(name: str, module: Any) -> tuple[Any, Any]:
    """A module's key in ``modules``: its inputs, or null where it is off."""
    text = (module.__doc__ or "").strip().partition("\n")[0]
    inputs = _model(f"{_title(name)}Inputs", text, getattr(module, "INPUTS", ()))
    return inputs | None, Field(default=None, description=text or None)


if TYPE_CHECKING:
    Modules = _Modules
else:
    Modules = create_model(
        "Modules",
        __base__=_Modules,
        __doc__=_Modules.__doc__,
        __module__=__name__,
        **{name: _module_field(name, module) for name, module in zip(NAMES, MODULES, strict=True)},
    )
