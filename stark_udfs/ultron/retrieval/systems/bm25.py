"""BM25 over captions: the baseline that knows words and nothing else.

Source: Robertson & Zaragoza 2009, with the idf that is never negative, ln(1 + (N - n + ½) / (n + ½)).
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stark_udfs.ultron.retrieval.benchmark import Candidate, Query
from stark_udfs.ultron.retrieval.metrics import Scores
from stark_udfs.ultron.retrieval.queries import THREE_TURNS, QueryForm
from stark_udfs.ultron.retrieval.text_metrics import tokens

if TYPE_CHECKING:
    from scipy import sparse


@dataclass(frozen=True)
class Bm25:
    """Words of the dialogue against words of the captions, in lower case, without stemming or stop words."""

    form: QueryForm = THREE_TURNS
    k1: float = 1.5
    b: float = 0.75

    @property
    def name(self) -> str:
        """With the query form."""
        return f"BM25, {self.form.name}"

    def score(self, queries: Sequence[Query], candidates: Sequence[Candidate]) -> Scores:
        """See `System.score`."""
        from scipy import sparse

        documents = [Counter(tokens(candidate.caption)) for candidate in candidates]
        words = {word: at for at, word in enumerate(sorted({word for document in documents for word in document}))}
        weights = self._weights(documents, words)
        asked = sparse.lil_matrix((len(queries), len(words)), dtype=np.float32)
        for row, query in enumerate(queries):
            for text, weight in self.form.parts(query):
                for word, count in Counter(tokens(text)).items():
                    if word in words:
                        asked[row, words[word]] += weight * count
        return np.asarray((asked.tocsr() @ weights).todense(), dtype=np.float32)

    def _weights(self, documents: Sequence[Counter[str]], words: dict[str, int]) -> "sparse.csr_matrix":
        """(words, documents): what a word of a query adds to a document's score."""
        from scipy import sparse

        holding = Counter(word for document in documents for word in document)
        mean = sum(document.total() for document in documents) / len(documents) or 1.0
        values, rows, columns = [], [], []
        for column, document in enumerate(documents):
            length = self.k1 * (1 - self.b + self.b * document.total() / mean)
            for word, count in document.items():
                rarity = math.log(1 + (len(documents) - holding[word] + 0.5) / (holding[word] + 0.5))
                values.append(rarity * count * (self.k1 + 1) / (count + length))
                rows.append(words[word])
                columns.append(column)
        return sparse.csr_matrix((values, (rows, columns)), shape=(len(words), len(documents)), dtype=np.float32)
