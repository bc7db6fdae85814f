"""Queries worth knowing, in the SQL that Spark and DuckDB both speak."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """A documented query and the question that it answers."""

    asks: str
    sql: str


EXAMPLES = (
    Example(
        asks="Which persona sentences became which conversations?",
        sql="""\
SELECT p.sentence, n.name, count(*) AS sessions
FROM personas p
JOIN commonsense c ON c.persona_id = p.persona_id
JOIN narratives n ON n.commonsense_id = c.commonsense_id
JOIN sessions s ON s.episode_id = n.episode_id
GROUP BY p.sentence, n.name
ORDER BY p.sentence, n.name
LIMIT 10""",
    ),
    Example(
        asks="What was dropped, by whose rule, and how much is that?",
        sql="SELECT stage, origin, reason, rejects, share FROM reject_rates ORDER BY rejects DESC, stage, reason",
    ),
    Example(
        asks="How many turns and images has a session?",
        sql="""\
SELECT avg(t.turns) AS turns, avg(coalesce(i.images, 0)) AS images
FROM (SELECT episode_id, session_number, count(*) AS turns FROM conversations GROUP BY episode_id, session_number) t
LEFT JOIN (
  SELECT episode_id, session_number, count(*) AS images FROM shared_images GROUP BY episode_id, session_number
) i ON i.episode_id = t.episode_id AND i.session_number = t.session_number""",
    ),
    Example(
        asks="Where do shared images come from?",
        sql="""\
SELECT source, reused, count(*) AS images FROM shared_images
GROUP BY source, reused ORDER BY source, reused""",
    ),
    Example(
        asks="Which pictures of the phone come back in a later session?",
        sql="""\
SELECT episode_id, image_id, min(session_number) AS first_shown, count(*) AS shown
FROM shared_images WHERE source = 'mobile'
GROUP BY episode_id, image_id HAVING count(*) > 1
ORDER BY shown DESC, episode_id, image_id LIMIT 10""",
    ),
    Example(
        asks="Where do the chosen pictures come from?",
        sql="""\
SELECT module, provider, count(*) AS images, count(distinct sha256) AS files FROM images WHERE chosen
GROUP BY module, provider ORDER BY images DESC, module""",
    ),
    Example(
        asks="Which picture does each turn show? An image that is shared again is the same row of `images`.",
        sql="""\
SELECT s.episode_id, s.session_number, s.turn, s.speaker, s.description, i.module, i.path, i.licence
FROM shared_images s LEFT JOIN images i ON i.image_id = s.image_id AND i.chosen
ORDER BY s.episode_id, s.session_number, s.turn LIMIT 10""",
    ),
    Example(
        asks="Why were candidates not chosen?",
        sql="""\
SELECT module, why_not, count(*) AS candidates, avg(text_score) AS text_score FROM images WHERE NOT chosen
GROUP BY module, why_not ORDER BY module, why_not""",
    ),
    Example(
        asks="What did one episode cost?",
        sql="""\
SELECT stage, count(*) AS calls, sum(tokens_in) AS tokens_in, sum(tokens_out) AS tokens_out, sum(money) AS money
FROM replies WHERE unit_key = (SELECT min(episode_id) FROM narratives)
GROUP BY stage ORDER BY stage""",
    ),
    Example(
        asks="Which expectations failed when they were last measured?",
        sql="""\
SELECT stage, name, value, interval_low, interval_high, n, low, high, kind FROM last_checks WHERE NOT ok
ORDER BY stage, name""",
    ),
    Example(
        asks="What do the people talk about?",
        sql="""\
SELECT category, count(DISTINCT episode_id) AS episodes FROM lineage
GROUP BY category ORDER BY episodes DESC, category LIMIT 10""",
    ),
)
