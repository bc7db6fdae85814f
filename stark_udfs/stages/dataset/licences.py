"""Licences as sources name them, in the few kinds that a release tells apart."""

from pyspark.sql import Column
from pyspark.sql import functions as F

GENERATED = "generated"
RULES = (  # the first that fits; NC and ND before the licences that they restrict
    (r"(?i)\b(nc|nd|non-?commercial|no-?deriv\w*)\b", "other"),
    (r"(?i)\bcc[- ]?(0|zero)\b|publicdomain/zero", "CC0"),
    (r"(?i)\bpublic[- ]domain\b|\bpdm?\b|publicdomain/mark", "public domain"),
    (r"(?i)\bcc[- ]by[- ]sa\b|attribution[- ]share-?alike", "CC BY-SA"),
    (r"(?i)\bcc[- ]by\b", "CC BY"),
)


def licence_kind(module: Column, licence: Column) -> Column:
    """`generated`, or one of settings.Licence."""
    named = F.trim(F.coalesce(licence, F.lit("")))
    kind = F.when(module.isin("p-t2i", "t2i"), GENERATED).when(named == "", "unknown")
    for pattern, name in RULES:
        kind = kind.when(named.rlike(pattern), name)
    return kind.otherwise("other")
