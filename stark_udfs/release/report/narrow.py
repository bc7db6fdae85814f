"""What many figures of the report build on: rows without their texts, computed once.

Each function gives what stands after FROM. Sessions are by far the largest table; two of these read them, and the rest
of the report reads these.
"""

from stark_udfs.release.report.source import Source

CHAIN = (
    "narratives n JOIN commonsense c ON c.commonsense_id = n.commonsense_id "
    "JOIN personas p ON p.persona_id = c.persona_id"
)


def shared(source: Source) -> str:
    """One row per image that a turn shares: `episode_id, session_number, image_id, reused, source`."""
    return source.sql.keep("SELECT episode_id, session_number, image_id, reused, source FROM shared_images")


def spoken(source: Source) -> str:
    """One row per session and side: `episode_id, session_number, who, turns, characters, silent, longest`."""
    return source.sql.keep(
        "SELECT episode_id, session_number, "
        "CASE WHEN speaker = 'AI Assistant' THEN 'assistant' ELSE 'user' END AS who, "
        "count(*) AS turns, sum(length(text)) AS characters, "
        "sum(CASE WHEN length(text) = 0 THEN 1 ELSE 0 END) AS silent, max(length(text)) AS longest "
        "FROM conversations GROUP BY 1, 2, 3"
    )


def told(source: Source) -> str:
    """One row per session: `episode_id, session_number, span, turns, images`; span: since the session before."""
    of_session = "GROUP BY episode_id, session_number"
    turns = f"SELECT episode_id, session_number, sum(turns) AS turns FROM {spoken(source)} sides {of_session}"
    images = f"SELECT episode_id, session_number, count(*) AS images FROM {shared(source)} sent {of_session}"
    return source.sql.keep(
        "SELECT s.episode_id, s.session_number, s.interval AS span, coalesce(t.turns, 0) AS turns, "
        "coalesce(i.images, 0) AS images FROM sessions s "
        f"LEFT JOIN ({turns}) t ON t.episode_id = s.episode_id AND t.session_number = s.session_number "
        f"LEFT JOIN ({images}) i ON i.episode_id = s.episode_id AND i.session_number = s.session_number"
    )


def episodes(source: Source) -> str:
    """One row per episode that has sessions: `episode_id, sessions, turns, images`."""
    return source.sql.keep(
        "SELECT episode_id, count(*) AS sessions, sum(turns) AS turns, sum(images) AS images "
        f"FROM {told(source)} sessions_told GROUP BY episode_id"
    )


def chosen(source: Source) -> str:
    """One row per episode and module: `episode_id, module, images`, of the images that were chosen."""
    return source.sql.keep(
        "SELECT episode_id, module, count(*) AS images FROM images WHERE chosen GROUP BY episode_id, module"
    )


def people(source: Source) -> str:
    """One row per person of whom an episode was begun: `who, gender, age, residence`; who: the profile drawn."""
    return source.sql.keep(f"SELECT DISTINCT p.demographic_id AS who, n.gender, n.age, n.residence FROM {CHAIN}")


def rows_of_people(source: Source) -> str:
    """One row per person: `who, made, dropped`, rows of all stages."""
    return source.sql.keep(
        "SELECT o.who, sum(u.outputs) AS made, sum(u.rejects) AS dropped FROM units u "
        f"JOIN ({_owners(source)}) o ON o.unit_key = u.unit_key WHERE u.outputs + u.rejects > 0 GROUP BY o.who"
    )


def _owners(source: Source) -> str:
    """Unit keys of all stages and whose they are."""
    parts = [
        "SELECT DISTINCT p.seed_id AS unit_key, p.demographic_id AS who FROM personas p",
        "SELECT c.commonsense_id AS unit_key, p.demographic_id AS who FROM commonsense c JOIN personas p ON "
        "p.persona_id = c.persona_id",
        f"SELECT n.episode_id AS unit_key, p.demographic_id AS who FROM {CHAIN}",
    ]
    if source.has("albums"):
        images = "(SELECT episode_id, explode(images) AS image FROM albums) a"
        parts.append(
            f"SELECT a.image.image_id AS unit_key, p.demographic_id AS who FROM {CHAIN} JOIN {images} ON "
            "a.episode_id = n.episode_id"
        )
    if source.has("sessions"):
        parts.append(
            "SELECT DISTINCT s.image_id AS unit_key, p.demographic_id AS who "
            f"FROM {CHAIN} JOIN {shared(source)} s ON s.episode_id = n.episode_id AND NOT s.reused"
        )
    return " UNION ALL ".join(parts)
