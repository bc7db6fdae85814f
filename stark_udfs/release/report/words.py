"""Words that are said more by one group than by the others.

Log-odds ratio with an informative Dirichlet prior, the prior being the words of everyone (Monroe, Colaresi and Quinn
2008, equations 15 to 22): the difference in log-odds over its standard deviation, so that rare words need a large
difference. A word counts once an episode, or one talkative person would decide.
"""

import math
from collections import defaultdict
from dataclasses import dataclass

from stark_udfs.release.report.blocks import Block, Grid, Words
from stark_udfs.release.report.narrow import episodes
from stark_udfs.release.report.source import Source, count
from stark_udfs.release.text import shortened

SAMPLE = 3_000  # episodes
MOST = 8  # words of a group
LEAST_EPISODES = 10  # of a group
PRIOR = 500.0  # episodes' worth of words that the prior weighs
SURE = 1.96
GROUPS = (("gender", "n.gender", 4), ("country of residence", "n.residence", 8))


@dataclass(frozen=True)
class Distinct:
    """A word, how sure it is that the group says it more, and in how many of its episodes it is said."""

    word: str
    z: float
    episodes: int


def log_odds(said: dict[str, dict[str, int]], prior: float = PRIOR) -> dict[str, list[Distinct]]:
    """By group, words with z > 0, the surest first.

    Args:
        said: by group and word, in how many episodes it is said.
        prior: weight of the words of everyone, in episodes.

    Example:
        >>> found = log_odds({"a": {"tea": 9, "the": 10}, "b": {"tea": 1, "the": 10}}, prior=5)
        >>> found["a"][0].word
        'tea'
    """
    everyone: dict[str, int] = defaultdict(int)
    for words in said.values():
        for word, times in words.items():
            everyone[word] += times
    total = sum(everyone.values())
    totals = {group: sum(words.values()) for group, words in said.items()}
    return {group: _of_group(words, totals[group], everyone, total, prior) for group, words in said.items()}


def _of_group(words: dict[str, int], size: int, everyone: dict[str, int], total: int, prior: float) -> list[Distinct]:
    found = []
    others = total - size
    for word, times in words.items():
        alpha = prior * everyone[word] / total
        here, there = times + alpha, everyone[word] - times + alpha
        rest_here, rest_there = size + prior - here, others + prior - there
        if min(here, there, rest_here, rest_there) <= 0:
            continue
        delta = math.log(here / rest_here) - math.log(there / rest_there)
        found.append(Distinct(word, delta / math.sqrt(1 / here + 1 / there), times))
    return sorted((one for one in found if one.z > 0), key=lambda one: (-one.z, one.word))


def distinctive(source: Source) -> list[Block]:
    """A grid per feature: the surest words of each group."""
    if not source.has("sessions", "narratives"):
        return []
    blocks: list[Block] = []
    total = count(source.rows(f"SELECT count(*) AS n FROM {episodes(source)} e")[0]["n"])
    below = _below(total)
    for name, sql, most in GROUPS:
        grid = _grid(source, name, sql, most, below)
        blocks.append(grid)
    sampled = f"a sample of about {SAMPLE:,} of {total:,} episodes" if total > SAMPLE else f"all {total:,} episodes"
    blocks.append(
        Words(
            f"Words of the user's own turns, of {sampled}; parts of the person's name are left out. Names of places "
            "and "
            "people come from where someone lives; look for words that tell of a role or a prejudice."
        )
    )
    return blocks


def _below(total: int) -> str:
    """Ids are hashes: those below this bound are a sample of that size."""
    if total <= SAMPLE:
        return ""
    return f"{int(0xFFFFFFFF * SAMPLE / total):08x}"


def _words(source: Source, below: str) -> str:
    """In how many episodes a user says a word, parts of the name left out: `gender, residence, word, episodes`."""
    sampled = f"AND c.episode_id < '{below}'" if below else ""
    said = (
        "SELECT DISTINCT c.episode_id, explode(regexp_extract_all(lower(c.text), '[a-z]+', 0)) AS word "
        f"FROM conversations c WHERE c.speaker <> 'AI Assistant' {sampled}"
    )
    return source.sql.keep(
        f"SELECT n.gender, n.residence, s.word, count(*) AS episodes FROM ({said}) s "
        "JOIN narratives n ON n.episode_id = s.episode_id WHERE length(s.word) BETWEEN 3 AND 20 "
        "AND lower(n.name) NOT LIKE '%' || s.word || '%' GROUP BY n.gender, n.residence, s.word"
    )


def _grid(source: Source, name: str, sql: str, most: int, below: str) -> Block:
    sampled = f"WHERE n.episode_id < '{below}'" if below else ""
    rows = source.rows(
        f"SELECT {sql} AS grp, n.word, sum(n.episodes) AS n FROM {_words(source, below)} n GROUP BY 1, n.word"
    )
    sizes = {
        str(row["grp"]): count(row["n"])
        for row in source.rows(
            f"SELECT {sql} AS grp, count(*) AS n FROM {episodes(source)} e JOIN narratives n ON "
            f"n.episode_id = e.episode_id {sampled} GROUP BY 1"
        )
    }
    said: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        said[str(row["grp"])][str(row["word"])] = count(row["n"])
    found = log_odds(said)
    large = sorted((group for group in found if sizes.get(group, 0) >= LEAST_EPISODES), key=lambda group: -sizes[group])
    if not large or len(found) < 2:
        return Words(
            f"Distinctive words by {name}: no group has {LEAST_EPISODES} episodes and another one to compare with."
        )
    lines = []
    for group in large[:most]:
        sure = [one for one in found[group] if one.z >= SURE][:MOST]
        shown = ", ".join(f"{one.word} ({one.z:.1f})" for one in sure) or "none beyond chance"
        lines.append((shortened(group, 40), sizes[group], shown))
    return Grid((name, "episodes", f"word (z ≥ {SURE})"), tuple(lines), f"Most distinctive words by {name}")
