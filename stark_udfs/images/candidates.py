"""How a candidate comes about: what its source says of it, then the file, or why there is none."""

from stark_udfs.images.decode import Bounds, NoPicture, Picture, pixels_of
from stark_udfs.images.files import FileState, ImageFiles
from stark_udfs.images.protocols import Pixels
from stark_udfs.images.requests import Candidate, Candidates, ImageRequest, Module, Unavailable
from stark_udfs.images.web.fetch import Fetched, FetchRefusal, Refused
from stark_udfs.images.web.results import WebImage

DETAIL = 500  # characters

STRANGER = "stranger"  # fault: a person of ours would be a stranger on a picture that was found
NO_SOURCE = "no_source"  # fault: the settings name no place to look
PASSING = frozenset(refusal.value for refusal in FetchRefusal if refusal.passing)


def kept(files: ImageFiles, picture: Picture | Fetched, told: Candidate) -> Candidate:
    """The candidate `told` with its image in the store.

    Raises:
        StorageError: the storage cannot be written.
    """
    stored = files.put(picture.data, "jpg" if picture.format == "JPEG" else "png")
    return told.model_copy(
        update={
            "path": stored.path,
            "sha256": stored.sha256,
            "bytes": stored.size,
            "width": picture.width,
            "height": picture.height,
        }
    )


def faulty(told: Candidate, fault: str, detail: str) -> Candidate:
    """The candidate `told`, without a picture."""
    return told.model_copy(update={"fault": fault, "detail": detail[:DETAIL]})


def kept_or_not(files: ImageFiles, fetched: Fetched | Refused, told: Candidate) -> Candidate:
    """The candidate `told`, with what became of fetching it."""
    if isinstance(fetched, Refused):
        return faulty(told, fetched.reason.value, fetched.detail)
    return kept(files, fetched, told)


def of_image(image: WebImage) -> Candidate:
    """What a search says of an image."""
    return Candidate(
        caption=image.title,
        source=image.source,
        page=image.page,
        licence=image.licence,
        licence_url=image.licence_url,
        creator=image.creator,
    )


def from_strangers(wish: ImageRequest) -> Candidates | None:
    """The refusal to look for a person of ours among images of strangers; None for any other request."""
    if wish.person is None or wish.module not in (Module.RETRIEVAL, Module.WEB):
        return None
    detail = f"a person of ours is never shown by {wish.module.value}: it would be a stranger"
    return Candidates(candidates=[Candidate(fault=STRANGER, detail=detail)])


def nowhere(detail: str) -> Candidates:
    """The answer where the settings name no source to look in."""
    return Candidates(candidates=[Candidate(fault=NO_SOURCE, detail=detail)])


def deduplicated_candidates(candidates: list[Candidate]) -> Candidates | Unavailable:
    """The candidates as an answer; none yet where not one has a picture and another try may get one."""
    passing = [candidate for candidate in candidates if candidate.fault in PASSING]
    if passing and all(candidate.fault for candidate in candidates):
        return Unavailable(passing[0].fault, passing[0].detail)
    return Candidates(candidates=candidates)


def read_picture(files: ImageFiles, path: str, side: int | None = None) -> Pixels | str:
    """What a picture of the store shows, or why it cannot be seen: the file's state or the picture's fault.

    side: px that are enough, as of `pixels_of`; None: whole.

    Raises:
        StorageError: the storage itself cannot be read.
    """
    data = files.sound(path)
    if isinstance(data, FileState):
        return data.value
    picture = pixels_of(data, Bounds(), side)
    return picture.fault.value if isinstance(picture, NoPicture) else picture
