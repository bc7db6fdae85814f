"""Which rows go with their parents."""

from pyspark.sql import SparkSession

from stark_udfs.core.records import Record
from stark_udfs.engine.commit import rows_without_parent, shrunk_parents
from stark_udfs.tables.table import Table


class Plan(Record):
    """A plan."""

    image_id: str
    episode_id: str
    session_id: str


PLANS = Table("plans", Plan, key=("image_id",), parents=(("episode_id", "narratives"), ("session_id", "sessions")))


def describe_shrunk_parents():
    def they_are_those_that_lost_rows_in_this_run():
        assert shrunk_parents(PLANS, {"sessions", "faces"}) == [("session_id", "sessions")]
        assert shrunk_parents(PLANS, {"sessions", "narratives"}) == list(PLANS.parents)

    def there_is_none_where_no_parent_shrank():
        assert shrunk_parents(PLANS, set()) == []
        assert shrunk_parents(PLANS, {"plans", "faces"}) == []


def describe_rows_without_parent():
    def they_are_those_of_which_any_parent_is_gone(spark: SparkSession):
        kind = "image_id string, episode_id string, session_id string"
        kept, no_episode = ("i-1", "e-1", "s-1"), ("i-2", "e-9", "s-1")
        no_session, neither = ("i-3", "e-1", "s-9"), ("i-4", "e-9", "s-9")
        rows = spark.createDataFrame([kept, no_episode, no_session, neither], kind)
        episodes = spark.createDataFrame([("e-1", "Ana"), ("e-2", "Ben")], "episode_id string, name string")
        sessions = spark.createDataFrame([("s-1",)], "session_id string")
        gone = rows_without_parent(rows, PLANS.key, [("episode_id", episodes), ("session_id", sessions)])
        assert sorted(tuple(row) for row in gone.collect()) == [no_episode, no_session, neither]
        assert [row["image_id"] for row in rows_without_parent(rows, PLANS.key, []).collect()] == []
