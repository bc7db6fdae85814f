"""BM25 over the turns of one episode."""

from collections.abc import Sequence

from stark_udfs.core.errors import SettingsError
from stark_udfs.release.probing.contexts import Line
from stark_udfs.stages.text.matching import content


class Searcher:
    """Finds the turns of an episode that share the rarest words with a question."""

    def __init__(self, lines: Sequence[Line]) -> None:
        """Index the lines.

        Raises:
            SettingsError: the package bm25s is not installed.
        """
        try:
            import bm25s
        except ImportError as error:
            raise SettingsError("searching turns needs bm25s: pip install bm25s") from error
        self.lines = list(lines)
        self.index = bm25s.BM25()
        words = [sorted(content(line.text)) or ["\x00"] for line in self.lines]
        self.index.index(words, show_progress=False)

    def best(self, question: str, top: int) -> list[Line]:
        """The `top` best lines, best first; fewer where there are fewer."""
        words = sorted(content(question))
        scores = self.index.get_scores(words) if words else [0.0] * len(self.lines)
        order = sorted(range(len(self.lines)), key=lambda place: (-float(scores[place]), place))
        return [self.lines[place] for place in order[:top]]
