"""What `stark audit` found is kept in `checks`, as what a run found is."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from rich.console import Console

from stark_udfs.cli.dataset.audit import keep, show_audit, target_of
from stark_udfs.core.errors import InputError
from stark_udfs.release.targets import BAND, CATEGORY, COUNTRY, GENDER
from stark_udfs.sql.duckdb import DuckSql
from stark_udfs.stages.pipeline import Settings, load_settings
from tests.cli import small


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings("demo", overrides=[f"storage.tables={small.write(tmp_path / 'tables')}"])


def describe_audit():
    def it_keeps_what_it_found_in_checks(spark: SparkSession, settings: Settings):
        found = show_audit(settings, DuckSql(settings.storage.tables), Console(quiet=True), "population")
        keep(settings, found, "population")
        rows = DuckSql(settings.storage.tables).ask(
            "SELECT name, n, low, high, kind, examples FROM last_checks WHERE stage = 'audit'"
        )
        distances = {str(row[0]): row for row in rows.rows if "distance" in str(row[0])}
        names = [f"{side}: Jensen–Shannon distance to the population" for side in (BAND, GENDER, COUNTRY, CATEGORY)]
        assert sorted(distances) == sorted(names)
        for row in distances.values():
            assert row[1:3] == (1, None)
            assert row[3] is not None
        others = DuckSql(settings.storage.tables).ask("SELECT DISTINCT stage FROM last_checks").rows
        assert ("sessions",) in others

    def every_target_but_the_papers_has_categories(settings: Settings):
        sql = DuckSql(settings.storage.tables)
        for against in ("population", "people"):
            assert CATEGORY in target_of(settings, sql, against)
        assert CATEGORY not in target_of(settings, sql, "paper")
        assert set(target_of(settings, sql, "quotas")) == {BAND, GENDER}  # quotas.by

    def it_names_the_targets_there_are(settings: Settings):
        with pytest.raises(InputError, match="Targets: population, people, paper, quotas"):
            target_of(settings, DuckSql(settings.storage.tables), "everybody")
