"""What a model's answer depends on, as JSON: what it is and how it is asked, not where and how fast it runs."""

from dataclasses import fields, is_dataclass

from stark_udfs.core.ids import Json

# Fields of specs that change an answer by rounding at most, or not at all.
NO_MATTER = frozenset(
    {
        "batch",
        "half",
        "vae_precision",
        "compile",
        "access",
        "device",
        "variant",
        "secret",
        "secret_header",
        "reply_tokens",
        "picture_tokens",
    }
)


def fingerprint_facts(value: object) -> Json:
    """A frozen spec and its parts by name; what is None is left out, so that a new optional field moves no key.

    A spec says what it is by its `kind`, a class variable, so that the class can be renamed.

    Raises:
        TypeError: a part that no JSON says, or a spec without a `kind`.
    """
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, tuple):
        return [fingerprint_facts(one) for one in value]
    if not is_dataclass(value):
        raise TypeError(f"no JSON for {value!r}.")
    kind = getattr(type(value), "kind", None)
    if not isinstance(kind, str):
        raise TypeError(f"{type(value).__name__} has no kind. Give it a class variable: kind: ClassVar[str].")
    parts = {field.name: getattr(value, field.name) for field in fields(value) if field.name not in NO_MATTER}
    told: dict[str, Json] = {name: fingerprint_facts(part) for name, part in parts.items() if part is not None}
    return {"is": kind} | told
