"""Views over the stage and system tables, in the SQL that Spark and DuckDB both speak."""

from dataclasses import dataclass

from stark_udfs.sql.public_episodes import DUCKDB, SPARK, public_query


@dataclass(frozen=True)
class View:
    """A named query; `reads` are the tables and earlier views that it needs.

    duckdb: the same in DuckDB's words, where they differ; empty: they do not.
    page: where the documentation describes it, if its SQL is too long to be read.
    """

    name: str
    reads: tuple[str, ...]
    says: str
    sql: str
    duckdb: str = ""
    page: str = ""


CONVERSATIONS = View(
    name="conversations",
    reads=("sessions",),
    says="one row per turn",
    sql="""\
SELECT s.episode_id, s.session_number, s.session_date, said.turn, said.speaker, said.text, said.images
FROM (SELECT episode_id, session_number, session_date, explode(turns) AS said FROM sessions) s""",
)

SHARED_IMAGES = View(
    name="shared_images",
    reads=("conversations",),
    says="one row per image that a turn shares",
    sql="""\
SELECT s.episode_id, s.session_number, s.session_date, s.turn, s.speaker,
  shown.image_id, shown.reused, shown.source, shown.description, shown.rationale, shown.keywords
FROM (
  SELECT episode_id, session_number, session_date, turn, speaker, explode(images) AS shown FROM conversations
) s""",
)

LINEAGE = View(
    name="lineage",
    reads=("demographics", "personas", "commonsense", "narratives", "sessions"),
    says="one row per session, with everything that it came from; an episode without sessions has one row",
    sql="""\
SELECT d.demographic_id, d.age, d.gender, d.birthplace, d.residence,
  p.persona_id, p.category, p.entity_key, p.entity_value, p.sentence,
  c.commonsense_id, c.relation, c.inference,
  n.episode_id, n.name, n.narrative,
  s.session_number, s.session_date, s.event_id
FROM narratives n
JOIN commonsense c ON c.commonsense_id = n.commonsense_id
JOIN personas p ON p.persona_id = c.persona_id
JOIN demographics d ON d.demographic_id = p.demographic_id
LEFT JOIN sessions s ON s.episode_id = n.episode_id""",
)

REJECT_RATES = View(
    name="reject_rates",
    reads=("rejects", "units"),
    says="dropped rows by stage, reason and origin; `share` is of all rows that the stage made or dropped",
    sql="""\
SELECT r.stage, r.origin, r.reason, r.rejects, r.rejects / u.total AS share
FROM (SELECT stage, origin, reason, count(*) AS rejects FROM rejects GROUP BY stage, origin, reason) r
JOIN (SELECT stage, sum(outputs) + sum(rejects) AS total FROM units GROUP BY stage) u ON u.stage = r.stage""",
)

SPENDING = View(
    name="spending",
    reads=("replies",),
    says="calls, tokens and money by stage and model",
    sql="""\
SELECT stage, provider, model_returned, count(*) AS calls, CAST(sum(tokens_in) AS BIGINT) AS tokens_in,
  CAST(sum(tokens_out) AS BIGINT) AS tokens_out, sum(money) AS money
FROM replies GROUP BY stage, provider, model_returned""",
)

LAST_RUNS = View(
    name="last_runs",
    reads=("runs",),
    says="the last run that worked on each stage",
    sql="""\
SELECT r.* FROM runs r
JOIN (SELECT stage, max(run_id) AS run_id FROM runs GROUP BY stage) newest
  ON newest.stage = r.stage AND newest.run_id = r.run_id""",
)

LAST_CHECKS = View(
    name="last_checks",
    reads=("checks",),
    says="the expectations of each stage as last measured",
    sql="""\
SELECT c.* FROM checks c
JOIN (SELECT stage, max(run_id) AS run_id FROM checks GROUP BY stage) newest
  ON newest.stage = c.stage AND newest.run_id = c.run_id""",
)

PUBLIC_EPISODES = View(
    name="v_public_episodes",
    reads=("episodes",),
    says="the dataset in the public schema: one row per episode that is released, `session1:…` to `session6:…`",
    sql=public_query(SPARK),
    duckdb=public_query(DUCKDB),
    page="dataset.md",
)

V_FUNNEL = View(
    name="v_funnel",
    reads=("units",),
    says="how far each stage came: units done, rejected and open, rows made and dropped",
    sql="""\
SELECT stage, count(*) AS units, sum(CASE WHEN state = 'done' THEN 1 ELSE 0 END) AS done,
  sum(CASE WHEN state = 'rejected' THEN 1 ELSE 0 END) AS rejected,
  sum(CASE WHEN state = 'open' THEN 1 ELSE 0 END) AS open_units,
  CAST(sum(outputs) AS BIGINT) AS rows_made, CAST(sum(rejects) AS BIGINT) AS rows_dropped,
  sum(rejects) / nullif(sum(outputs) + sum(rejects), 0) AS share_dropped
FROM units GROUP BY stage""",
)

V_COST = View(
    name="v_cost",
    reads=("replies", "runs"),
    says="what each stage cost, beside its forecast: calls, tokens, money, seconds of an answer",
    sql="""\
SELECT s.stage, s.calls, s.reasked, s.tokens_in, s.tokens_out, s.money, r.currency, s.mean_seconds,
  r.forecast_calls, r.forecast_tokens, r.forecast_money
FROM (
  SELECT stage, count(*) AS calls, sum(CASE WHEN attempt > 0 THEN 1 ELSE 0 END) AS reasked,
    CAST(sum(tokens_in) AS BIGINT) AS tokens_in, CAST(sum(tokens_out) AS BIGINT) AS tokens_out,
    sum(money) AS money, avg(seconds) AS mean_seconds
  FROM replies GROUP BY stage
) s
LEFT JOIN (
  SELECT stage, max(currency) AS currency, CAST(sum(forecast_calls) AS BIGINT) AS forecast_calls,
    CAST(sum(forecast_tokens) AS BIGINT) AS forecast_tokens, sum(forecast_money) AS forecast_money
  FROM runs GROUP BY stage
) r ON r.stage = s.stage""",
)

V_EPISODE = View(
    name="v_episode",
    reads=("personas", "commonsense", "narratives", "sessions", "shared_images"),
    says="one row per episode: the person, what it is about, how many sessions, turns and images, from when to when",
    sql="""\
SELECT n.episode_id, n.name, n.age, n.gender, n.birthplace, n.residence, p.category, p.sentence, c.relation,
  coalesce(s.sessions, 0) AS sessions, coalesce(s.turns, 0) AS turns, coalesce(i.images, 0) AS images,
  s.first_date, s.last_date
FROM narratives n
JOIN commonsense c ON c.commonsense_id = n.commonsense_id
JOIN personas p ON p.persona_id = c.persona_id
LEFT JOIN (
  SELECT episode_id, count(*) AS sessions, CAST(sum(size(turns)) AS BIGINT) AS turns,
    min(session_date) AS first_date, max(session_date) AS last_date
  FROM sessions GROUP BY episode_id
) s ON s.episode_id = n.episode_id
LEFT JOIN (
  SELECT episode_id, count(*) AS images FROM shared_images GROUP BY episode_id
) i ON i.episode_id = n.episode_id""",
)

V_REJECTS = View(
    name="v_rejects",
    reads=("rejects", "narratives", "albums", "shared_images"),
    says="one row per drop, with the episode and person that it was for, where one had begun",
    sql="""\
SELECT r.stage, r.reason, r.origin, r.detail, r.unit_key, r.key, r.reply_key,
  n.episode_id, n.name, n.age, n.gender, n.residence
FROM rejects r
LEFT JOIN (
  SELECT unit_key, min(episode_id) AS episode_id FROM (
    SELECT episode_id AS unit_key, episode_id FROM narratives
    UNION ALL
    SELECT a.image.image_id AS unit_key, a.episode_id
    FROM (SELECT episode_id, explode(images) AS image FROM albums) a
    UNION ALL
    SELECT image_id AS unit_key, episode_id FROM shared_images
  ) owners GROUP BY unit_key
) o ON o.unit_key = r.unit_key
LEFT JOIN narratives n ON n.episode_id = o.episode_id""",
)

VIEWS = (
    CONVERSATIONS,
    SHARED_IMAGES,
    LINEAGE,
    REJECT_RATES,
    SPENDING,
    LAST_RUNS,
    LAST_CHECKS,
    PUBLIC_EPISODES,
    V_FUNNEL,
    V_COST,
    V_EPISODE,
    V_REJECTS,
)


def needed(words: frozenset[str], tables: frozenset[str]) -> tuple[frozenset[str], tuple[View, ...]]:
    """The tables and views behind the words of a query, views in the order in which they build on each other.

    Args:
        words: the words of the query, in lower case.
        tables: the tables that there are.

    Returns:
        Also tables that a view needs and that are not there: the caller complains.
    """
    wanted, views = set(words), []
    for view in reversed(VIEWS):
        if view.name in wanted and view.name not in tables:
            wanted.update(view.reads)
            views.append(view)
    names = {view.name for view in VIEWS}
    read = {name for view in views for name in view.reads if name not in names}
    return frozenset((wanted & tables) | read), tuple(reversed(views))
