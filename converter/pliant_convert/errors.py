"""The one exception that a user of the converter sees."""


class ConvertError(Exception):
    """The work failed. The message is one sentence: what was expected, what came, what to do."""
