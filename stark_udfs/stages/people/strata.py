"""Strata of people: the values by which quotas are set and distributions are audited."""

WIDTH, OLDEST_FROM = 10, 80  # years; the last band takes everybody from 80 on


def band_of(age: int) -> str:
    """The age band of a person: 10-19, 20-29, …, 70-79, 80+.

    Example:
        ```python
        band_of(34)  # "30-39"
        ```
    """
    low = age // WIDTH * WIDTH
    return f"{OLDEST_FROM}+" if low >= OLDEST_FROM else f"{low}-{low + WIDTH - 1}"
