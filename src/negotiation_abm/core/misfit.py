"""What is wrong with something from outside: a place and a problem, before a file has a name.

The rules know neither files nor scenarios, so what they find wrong is noted here and made into one
line for people (`negotiation_abm.files.errors.InputError`) by whoever knows the file.
"""

from collections.abc import Iterable


class MisfitError(Exception):
    """Something given from outside cannot be used.

    Parameters
    ----------
    place : str
        Dotted place within what was given, such as ``pledges.0.due``, or ``line 7``.
    problem : str
        What is wrong there.
    name : object, optional
        An unknown name; with `allowed` the message ends with the nearest of the allowed names.
    allowed : iterable of object
        Names that would do in its place.
    """

    def __init__(
        self, place: str, problem: str, name: object = None, allowed: Iterable[object] = ()
    ) -> None:
        super().__init__(place, problem, name, tuple(allowed))
        self.place = place
        self.problem = problem
        self.name = name
        self.allowed = tuple(allowed)
