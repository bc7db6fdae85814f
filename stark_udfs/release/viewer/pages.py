"""The viewer's pages: one shell, which a script fills from data. The script puts text into the page as text only."""

from functools import cache
from importlib import resources

from stark_udfs.release.viewer.library import as_json

SERVED_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
# Pages that are opened from a folder: a browser counts no two files as one origin, so that files are named as such.
STATIC_POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file:; "
    "base-uri 'none'; form-action 'none'"
)


@cache
def asset(name: str) -> str:
    """A file of the viewer: viewer.html, viewer.css or viewer.js."""
    return resources.files("stark_udfs.release.viewer").joinpath(f"data/{name}").read_text(encoding="utf-8")


def shell() -> str:
    """The page of a server: it asks for its data."""
    return _filled(SERVED_POLICY, "/", "")


def static(data: object, *, root: str) -> str:
    """A page that holds its data.

    Args:
        data: what the script shows.
        root: the way from the page to the folder of all pages, as `../`.
    """
    return _filled(STATIC_POLICY, root, f'<script type="application/json" id="data">{as_json(data)}</script>')


def _filled(policy: str, root: str, data: str) -> str:
    page = asset("viewer.html").replace("{policy}", policy).replace("{root}", root)
    return page.replace("{data}", data)
