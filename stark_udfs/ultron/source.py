"""A Delta table as rows on the driver, in batches: what training and chat read."""

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from operator import and_

from stark_udfs.core.errors import StorageError
from stark_udfs.tables.address import address, in_catalog
from stark_udfs.ultron.samples import Row

BATCH = 1000  # rows in memory at once
Where = Mapping[str, str]  # column → value
Reader = Callable[[list[str] | None, Where], Iterator[Row]]


class Source:
    """One Delta table, read in batches: without Spark where it is a folder, by the active session in a catalog.

    Raises:
        StorageError: it is not there, or it is in a catalog and there is no session.
    """

    def __init__(self, root: str, table: str) -> None:
        self.address, self.name = address(root, table), table
        self._read, self.version = self._catalog(root) if in_catalog(root) else self._folder(root)

    def rows(self, columns: list[str] | None = None, where: Where | None = None) -> Iterator[Row]:
        """Its rows; of those, the ones whose columns have the values of `where`."""
        return self._read(columns, where or {})

    def _folder(self, root: str) -> tuple[Reader, int]:
        from deltalake import DeltaTable
        from deltalake.exceptions import TableNotFoundError

        try:
            delta = DeltaTable(self.address)
        except TableNotFoundError:
            raise self._absent(root) from None

        def read(columns: list[str] | None, where: Where) -> Iterator[Row]:
            import pyarrow.compute as pc

            alike = reduce(and_, (pc.field(name) == value for name, value in where.items())) if where else None
            dataset = delta.to_pyarrow_dataset()
            for batch in dataset.to_batches(columns=columns, filter=alike, batch_size=BATCH):
                yield from batch.to_pylist()

        return read, int(delta.version())

    def _catalog(self, root: str) -> tuple[Reader, int]:
        from pyspark.sql import SparkSession
        from pyspark.sql import functions as F

        spark = SparkSession.getActiveSession()
        if spark is None:
            raise StorageError(f"{self.address} is in a catalog, which Spark alone can read: there is no session.")
        if not spark.catalog.tableExists(self.address):
            raise self._absent(root)
        version = int(spark.sql(f"DESCRIBE HISTORY {self.address} LIMIT 1").collect()[0]["version"])
        frame = spark.read.option("versionAsOf", version).table(self.address)

        def read(columns: list[str] | None, where: Where) -> Iterator[Row]:
            chosen = frame
            for name, value in where.items():
                chosen = chosen.where(F.col(name) == value)
            for row in (chosen if columns is None else chosen.select(*columns)).toLocalIterator():
                yield row.asDict(recursive=True)

        return read, version

    def _absent(self, root: str) -> StorageError:
        return StorageError(f"there is no table {self.name} in {root}: run its stage first (`stark run`).")
