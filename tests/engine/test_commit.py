"""Which parents take a table's rows with them."""

from stark_udfs.core.records import Record
from stark_udfs.engine.commit import shrunk_parents
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
