"""How a rule is compiled: as a part of the loop that calls it, and not once more on its own.

Numba makes a library of every function that compiled code calls: it optimises the function with
all that it calls, turns that into machine code and adds an entry for C. Of a rule none of this is
ever used, as the loop has all rules in it and is optimised as a whole; it was half of the time of
compiling. Here a rule stays a *draft*: typed, lowered to LLVM's language and tidied up function by
function, for whoever calls it to take over.

Rules are plain arithmetic on records, so most of the passes that numba makes over a function find
nothing to do (closures, context managers, array expressions, `literal_unroll`). They are left out
for the rules of the package; a strategy or a module from outside gets them all.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

NOT_NEEDED = (
    "WithLifting",
    "InlineClosureLikes",
    "RewriteDynamicRaises",
    "MakeFunctionToJitFunction",
    "InlineInlinables",
    "DeadBranchPrune",
    "FindLiterallyCalls",
    "LiteralUnroll",
    "LiteralPropagationSubPipelinePass",
    "InlineOverloads",
    "NopythonRewrites",
    "NoPythonSupportedFeatureValidation",
    "DumpParforDiagnostics",
)


@cache
def draft_options(is_plain: bool) -> dict[str, Any]:
    """Options of `numba.extending.register_jitable` for a rule.

    Parameters
    ----------
    is_plain : bool
        Is it a rule of the package? Then the passes of `NOT_NEEDED` are left out.

    Returns
    -------
    dict
        Empty with a numba that is built otherwise: rules are then compiled as it does by itself,
        which takes longer and gives the same game.
    """
    try:
        _describe_once()
        return {"no_cfunc_wrapper": True, "pipeline_class": _pipeline(is_plain)}
    except (ImportError, AttributeError):
        return {}


@cache
def _pipeline(is_plain: bool) -> type:
    """A pipeline of numba that ends with a draft."""
    from numba.core.compiler import CompilerBase, DefaultPassBuilder
    from numba.core.typed_passes import NativeLowering

    lowering = _lowering()

    class Draft(CompilerBase):
        def define_pipelines(self) -> list[Any]:
            manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
            manager.passes = [
                (lowering if one is NativeLowering else one, text)
                for one, text in manager.passes
                if not (is_plain and one.__name__ in NOT_NEEDED)
            ]
            manager.finalize()
            return [manager]

    return Draft


@cache
def _lowering() -> type:
    """The last pass: numba's own, into a library that nobody compiles."""
    from numba.core.codegen import JITCodeLibrary
    from numba.core.compiler_machinery import register_pass
    from numba.core.typed_passes import NativeLowering

    class Pages(JITCodeLibrary):
        """Code for others to link in, neither optimised as a whole nor made executable."""

        def _optimize_final_module(self) -> None:
            return None

        def _finalize_final_module(self) -> None:
            self._finalize_dynamic_globals()
            self._finalized = True

    @register_pass(mutates_CFG=True, analysis_only=False)
    class LowerDraft(NativeLowering):
        _name = "lower_draft"

        def run_pass(self, state: Any) -> bool:
            context = state.targetctx
            state.library = Pages(context.codegen(), state.func_id.func_qualname)
            state.flags.no_compile = True
            super().run_pass(state)
            lowered = state["cr"]
            key: Callable[..., Any] = [].append  # numba wants a builtin, one for each function
            state["cr"] = lowered._replace(cfunc=key)
            context.insert_user_function(key, lowered.fndesc, [state.library])
            return True

    return LowerDraft


@cache
def _describe_once() -> None:
    """Let numba put a record type into words once.

    It does so before each pass over each rule, for events that nobody listens to; a state has a
    hundred fields.
    """
    from numba.core.types import Record

    words, describe = {}, Record.__repr__

    def remembered(record: Any) -> str:
        if record not in words:
            words[record] = describe(record)
        return words[record]

    Record.__repr__ = remembered  # type: ignore[method-assign]
