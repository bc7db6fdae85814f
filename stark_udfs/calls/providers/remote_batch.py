"""A batch as a vendor tells it, and the form in which it says so."""

from dataclasses import dataclass

from pydantic import BaseModel, Field

from stark_udfs.calls.errors import redacted

OUR_KEY = "stark_batch"  # the entry of a batch's metadata that holds our key for it
OVER = ("completed", "failed", "expired", "cancelled")


@dataclass(frozen=True)
class RemoteBatch:
    """A batch as the vendor tells it; ids of files are empty where there is none.

    key: ours, from its metadata. problem: why it was not even begun.
    """

    id: str
    status: str
    input_file: str
    key: str = ""
    output_file: str = ""
    error_file: str = ""
    total: int = 0
    done: int = 0
    failed: int = 0
    problem: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing further will come."""
        return self.status in OVER


class _Counts(BaseModel):
    total: int | None = None
    completed: int | None = None
    failed: int | None = None


class _Problem(BaseModel):
    code: str | None = None
    message: str | None = None
    line: int | None = None


class _Problems(BaseModel):
    data: list[_Problem] | None = None


class BatchForm(BaseModel):
    """The wire form, as far as it is read."""

    id: str = Field(min_length=1, max_length=500)
    status: str = Field(min_length=1, max_length=100)
    input_file_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    metadata: dict[str, object] | None = None
    request_counts: _Counts | None = None
    errors: _Problems | None = None

    def told(self, hidden: str | None) -> RemoteBatch:
        """As the rest of the package knows it."""
        counts = self.request_counts or _Counts()
        problems = (self.errors.data if self.errors else None) or []
        said = "; ".join(f"{one.code or 'error'}: {one.message or ''}" for one in problems[:3])
        return RemoteBatch(
            id=self.id,
            status=self.status,
            input_file=self.input_file_id or "",
            key=str((self.metadata or {}).get(OUR_KEY, "")),
            output_file=self.output_file_id or "",
            error_file=self.error_file_id or "",
            total=counts.total or 0,
            done=counts.completed or 0,
            failed=counts.failed or 0,
            problem=redacted(said, hidden),
        )


class BatchPage(BaseModel):
    """A page of the vendor's list of batches."""

    data: list[BatchForm]
    has_more: bool | None = False
