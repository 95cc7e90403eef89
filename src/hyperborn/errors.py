"""The one error that is the user's to mend."""


class UserError(ValueError):
    """A mistake the user can mend: one line that names the thing, its value and the remedy.

    The command line prints the line without a traceback and exits with code 2.
    """
