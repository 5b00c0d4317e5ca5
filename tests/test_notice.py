"""The line in the log where the rules are compiled."""

import logging

from cli_helpers import python
from negotiation_abm.run.compiler import compiler
from negotiation_abm.run.notice import TEXT, Notice


def test_compiling_is_noted_once(caplog):
    numba = compiler()
    from numba.core.event import install_listener

    def wanted(number):
        return number + 1

    def other(number):
        return number - 1

    caplog.set_level(logging.INFO, "negotiation_abm")
    with install_listener("numba:compile", Notice("wanted")):
        numba.njit(other)(1)
        assert caplog.messages == []
        numba.njit(wanted)(1)
        numba.njit(wanted)(1.5)
    assert caplog.messages == [TEXT]


def test_only_the_shell_shows_the_log():
    code = (
        "import logging, sys\n"
        "from negotiation_abm.cli import main\n"
        "sys.argv[1:] = ['list']\n"
        "main({})\n"
        "logging.getLogger('negotiation_abm.run').info('noted')\n"
    )
    assert python(code.format("")).stderr == "noted\n"
    assert python(code.format("['list']")).stderr == ""
