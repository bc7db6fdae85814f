"""Make `countries.csv`: every ISO 3166-1 entry and Kosovo, with its English names and the names that it gives itself.

Run as `python -m bench.package_data.countries SOURCES`; `stark_udfs/data/SOURCES.md` says what SOURCES holds.
"""

import csv
import sys
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from typing import Any

from stark_udfs.data.population import iso3_codes
from stark_udfs.stages.people.countries import plain

HERE = Path(__file__).parent
OUT = Path("stark_udfs/data/countries.csv")
# Codes in CLDR that are no entries of ISO 3166-1: exceptional reservations, groupings, tests.
NO_ENTRIES = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"])
# CLDR lists former codes beside the present one for these.
ISO3 = {"CD": "COD", "FR": "FRA", "RS": "SRB", "RU": "RUS", "TL": "TLS", "XK": "XKX"}
ENGLISH = {
    "BL": "Saint Barthélemy",
    "GS": "South Georgia and the South Sandwich Islands",
    "HK": "Hong Kong",
    "MF": "Saint Martin",
    "MO": "Macao",
    "PM": "Saint Pierre and Miquelon",
    "SH": "Saint Helena, Ascension and Tristan da Cunha",
    "SX": "Sint Maarten",
    "UM": "United States Minor Outlying Islands",
    "VG": "British Virgin Islands",
    "VI": "United States Virgin Islands",
}


def main() -> None:
    """Write the file; say which names were left out because two countries bear them."""
    sys.path.insert(0, str(Path(sys.argv[1]) / "py"))
    babel: Any = import_module("babel")
    get_global: Any = import_module("babel.core").get_global
    english = babel.Locale("en").territories
    codes = sorted(code for code in english if len(code) == 2 and code.isalpha() and code not in NO_ENTRIES)
    iso3 = {new[0]: old for old, new in get_global("territory_aliases").items() if len(old) == 3 and old.isalpha()}
    counted = {code: country for country, code in iso3_codes().items()}
    also: dict[str, list[str]] = defaultdict(list)
    for line in (HERE / "countries-also.txt").read_text(encoding="utf-8").splitlines():
        code, *variants = line.split(";")
        also[code].extend(variants)
    lists = {row["iso3"]: row["lists"] for row in _rows(HERE / "countries-lists.csv")}
    found = {}
    for code in codes:
        three = ISO3.get(code) or iso3[code]
        name = counted.get(three) or ENGLISH.get(code) or english[code].replace("&", "and").replace("’", "'")
        own = [english[code], *also[code], *_own(code, babel)]
        found[code] = (three, name, dict.fromkeys(text for text in own if text and text != name))
    bearers: dict[str, set[str]] = defaultdict(set)
    for code, (_, name, names) in found.items():
        for text in (name, *names):
            bearers[plain(text)].add(code)
    shared = {text: sorted(both) for text, both in bearers.items() if len(both) > 1}
    print("borne by two, left out unless it is the English name:", shared)
    with OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("iso2", "iso3", "country", "names", "lists"))
        for code, (three, name, names) in sorted(found.items(), key=lambda item: item[1][1]):
            kept = [text for text in names if plain(text) and plain(text) not in shared]
            writer.writerow((code, three, name, ";".join(kept), lists.get(three, "")))
    print(len(found), "countries")


def _own(code: str, babel: Any) -> list[str]:  # noqa: ANN401  # an untyped package
    """What a country is called in its official languages, as far as the package has them."""
    official = import_module("babel.languages").get_official_languages
    names = []
    for language in official(code, regional=True, de_facto=True):
        for locale in (f"{language}_{code}", language):
            try:
                names.append(babel.Locale.parse(locale, sep="_").territories.get(code))
                break
            except (babel.UnknownLocaleError, ValueError):
                continue
    return [name for name in names if name]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main()
