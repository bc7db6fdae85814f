"""What a kind of image model is to the rest of the package: the section of its settings, which makes its spec."""

from typing import ClassVar

from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.protocols import PainterSpec, ScorerSpec
from stark_udfs.settings.kinds import Kind
from stark_udfs.settings.section import Secrets

MODEL_PACKAGES = ("torch", "diffusers", "transformers")


class ModelKind(Kind):
    """A kind of image model.

    packages: what has to be installed on driver and executors, by import name.
    """

    packages: ClassVar[tuple[str, ...]] = MODEL_PACKAGES

    def check(self, secrets: Secrets) -> None:
        """What else it needs from outside, before Spark starts; nothing by default.

        Raises:
            NotAuthorised: a secret is not set.
        """


class PainterKind(ModelKind):
    """Text to image, or text and a face to image.

    reads_trigger: whether it reads the trigger word of a personalised prompt; it is taken out for one that does not.
    """

    reads_trigger: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """What its images name as their source."""
        raise NotImplementedError

    def spec(self) -> PainterSpec:
        """What a worker loads."""
        raise NotImplementedError


class ScorerKind(ModelKind):
    """How well an image shows a text; the range of its scores is its spec's.

    min_score: the score from which a candidate is taken, unless `choosing.min_score` says another; None: any is.
    """

    packages: ClassVar[tuple[str, ...]] = ("torch", "transformers")
    min_score: ClassVar[float | None] = None

    def spec(self, clip: ClipSpec) -> ScorerSpec:
        """What a worker loads; `clip` is the embedder of `pictures.clip`."""
        raise NotImplementedError
