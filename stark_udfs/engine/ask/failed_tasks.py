"""What a failed Spark job says, without the page of Java that Spark puts around it."""

import re
from itertools import chain

TRACEBACK = "Traceback (most recent call last):"
RAISED = re.compile(r"(?:\w+\.)*([A-Z]\w*)(?:: (.*))?")
LOST = "ExecutorLostFailure"
CALLING = "An error occurred while calling"  # what py4j begins with
LONGEST = 500


def last_words(error: Exception | str) -> str:
    """The exception that a Python worker ended with: its class and the first line of its message.

    Where no worker raised one, the executor that was lost, or the first line of what Spark says.

    Example:
        >>> last_words("Traceback (most recent call last):\\n  File …\\na.b.BrokerLost: gone\\n\\tat Java")
        'BrokerLost: gone'
    """
    before, marker, after = str(error).rpartition(TRACEBACK)
    if marker:
        for line in after.splitlines():
            found = RAISED.fullmatch(line.rstrip())
            if found is not None:
                return f"{found[1]}: {found[2]}"[:LONGEST] if found[2] else found[1]
    lines = [line.strip() for line in (before + after).splitlines()]
    lost = (line for line in lines if line.startswith(LOST))
    first = (line for line in lines if line and not line.startswith(CALLING))
    return next(chain(lost, first), type(error).__name__)[:LONGEST]
