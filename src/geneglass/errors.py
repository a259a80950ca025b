"""The one error that is written for the person who reads it."""


class InputError(ValueError):
    """Something the user gave is at fault: one sentence with the value, what is allowed and what to do.

    The command line prints it and exits with 1; the window shows it as a message. Never a traceback.
    """


class UsageError(InputError):
    """A name, an option or its value does not exist or is not allowed; the command line exits with 2."""
