"""Make `names-by-list.csv`: given and family names by list, from packages whose licence lets us pass them on.

Run as `python -m bench.package_data.names SOURCES`; `stark_udfs/data/SOURCES.md` says what SOURCES holds.
"""

import csv
import re
import sys
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import yaml

from bench.package_data import romanise
from stark_udfs.stages.people.names import is_latin_name

HERE = Path(__file__).parent
OUT = Path("stark_udfs/data/names-by-list.csv")
FIRSTS, LASTS = 100, 120  # of each list and gender
SORTED = 0.8  # of neighbours in order: a list by the alphabet, not by how common a name is
SAME_AS_IS = str
TITLES = frozenset(
    (
        *("ab", "abd", "al", "an", "bin", "binti", "dr", "el", "haji", "hajah", "hajjah"),
        *("ir", "jr", "mr", "mrs", "ms", "prof", "sr", "sra", "srta", "tun", "van"),
    )
)
LITHUANIAN_WOMAN = ("ienė", "aitė", "ytė", "utė", "ūtė", "ė")
Kinds = tuple[tuple[str, str], ...]
KINDS: Kinds = (("male", "first"), ("female", "first"), ("both", "last"), ("male", "last"), ("female", "last"))


@dataclass(frozen=True)
class From:
    """Where the names of one list stand: package, locale, and what they are called there, by gender and kind."""

    package: str
    locale: str
    male: str = "first_names_male"
    female: str = "first_names_female"
    both: str = "last_names"
    his: str = ""
    hers: str = ""
    spell: Callable[[str], str] = SAME_AS_IS

    def fields(self) -> Mapping[tuple[str, str], str]:
        """The field of the package for each gender and kind."""
        return dict(zip(KINDS, (self.male, self.female, self.both, self.his, self.hers), strict=True))


def faker(locale: str, *, gendered: bool = False, spell: Callable[[str], str] = SAME_AS_IS) -> From:
    """Faker for Python."""
    made = From("faker", locale, spell=spell)
    return replace(made, both="", his="last_names_male", hers="last_names_female") if gendered else made


def php(locale: str, of: str = "", *, gendered: bool = False, spell: Callable[[str], str] = SAME_AS_IS) -> From:
    """Faker for PHP; `of` is what a people's lists end in."""
    made = From("php", locale, f"firstNameMale{of}", f"firstNameFemale{of}", f"lastName{of}", spell=spell)
    return replace(made, both="", his="lastNameMale", hers="lastNameFemale") if gendered else made


DATAFAKER = From("datafaker", "", "male_first_name", "female_first_name", "", "male_last_name", "female_last_name")
LISTS: dict[str, tuple[From, ...]] = {
    "az": (faker("az_AZ", gendered=True),),
    "be": (replace(DATAFAKER, locale="be", spell=romanise.belarusian),),
    "bg": (replace(DATAFAKER, locale="bg", spell=romanise.bulgarian),),
    "ca": (From("datafaker", "ca", "male_first_name", "female_first_name", "last_name"),),
    "cs": (faker("cs_CZ", gendered=True),),
    "da": (php("da_DK"),),
    "de-at": (faker("de_AT"),),
    "de-ch": (faker("de_CH"),),
    "de-li": (faker("de_LI"),),
    "de-lu": (faker("de_LU"),),
    "el": (faker("el_GR", gendered=True, spell=romanise.greek),),
    "el-cy": (php("el_CY", spell=romanise.greek),),
    "en-gb": (faker("en_GB"),),
    "en-ie": (faker("en_IE"),),
    "en-nz": (faker("en_NZ"),),
    "en-ug": (replace(faker("en_GB"), both=""), replace(php("en_UG"), male="", female="")),
    "es-cl": (faker("es_CL"),),
    "et": (php("et_EE"),),
    "fi": (faker("fi_FI"),),
    "fr": (faker("fr_FR"),),
    "fr-be": (faker("fr_BE"),),
    "fr-ch": (faker("fr_CH"),),
    "fr-dz": (faker("fr_DZ"),),
    "fr-sn": (From("faker-js", "fr_SN", "first_name.male", "first_name.female", "last_name.generic"),),
    "hr": (faker("hr_HR"),),
    "hu": (faker("hu_HU"),),
    "hy": (
        replace(php("hy_AM", spell=romanise.armenian), both=""),
        replace(faker("hy_AM", spell=romanise.armenian), male="", female=""),
    ),
    "it-ch": (php("it_CH"),),
    "ka": (faker("ka_GE", spell=romanise.georgian),),
    "lt": (
        replace(php("lt_LT", gendered=True), his=""),
        From("faker", "lt_LT", "", "", "", "his last_names", "her last_names"),
    ),
    "lv": (faker("lv_LV", gendered=True),),
    "mk": (faker("mk_MK", gendered=True, spell=romanise.macedonian),),
    "ms": (php("ms_MY", "Malay"),),
    "ms-in": (php("ms_MY", "Indian"),),
    "ms-zh": (php("ms_MY", "Chinese"),),
    "nb": (faker("no_NO"),),
    "ne": (php("ne_NP"),),
    "nl": (replace(php("nl_NL"), both="commonDutchLastNames"),),
    "nl-be": (faker("nl_BE"),),
    "pt": (faker("pt_PT"),),
    "ro": (php("ro_RO"),),
    "ro-md": (php("ro_MD"),),
    "sk": (faker("sk_SK", gendered=True),),
    "sl": (php("sl_SI"),),
    "sr": (php("me_ME"),),
    "sv": (php("sv_SE"),),
    "sw": (faker("sw"),),
    "tw": (faker("tw_GH", gendered=True),),
    "uz": (faker("uz_UZ", gendered=True),),
    "yue": (replace(faker("en_GB"), both=""), From("faker-js", "en_HK", "", "", "last_name.generic")),
}


def main() -> None:
    """Write the file; say how many names each list has."""
    packages = Packages(Path(sys.argv[1]))
    rows = {**dict(_written()), **{(name, *kind): names for name in LISTS for kind, names in _list(name, packages)}}
    with OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("list", "gender", "kind", "names"))
        for key in sorted(rows):
            writer.writerow((*key, ";".join(rows[key])))
            print(*key, len(rows[key]), rows[key][:4])


def _list(name: str, packages: "Packages") -> Iterator[tuple[tuple[str, str], list[str]]]:
    """The names of one list, by gender and kind."""
    for kind in KINDS:
        found: list[str] = []
        for source in LISTS[name]:
            field = source.fields()[kind]
            if field:
                found += _fitting(packages.names(source.package, source.locale, field), source.spell)
        names = list(dict.fromkeys(found))
        if names:
            yield kind, _some(names, FIRSTS if kind[1] == "first" else LASTS)


def _written() -> Iterator[tuple[tuple[str, str, str], list[str]]]:
    """Lists that no package has, written for this project from general knowledge."""
    for line in (HERE / "written.txt").read_text(encoding="utf-8").splitlines():
        name, gender, kind, *names = line.split(";")
        yield (name, gender, kind), list(dict.fromkeys(_fitting(names, SAME_AS_IS)))


def _fitting(names: Iterable[str], spell: Callable[[str], str]) -> list[str]:
    """What is a name in Latin letters, of more than one letter, no title and no initials."""
    found = []
    for text in names:
        name = re.sub("[ʻʼ‘`]", "’", spell(unicodedata.normalize("NFC", text.strip())))
        if name.islower() or re.search(r"[A-Z]{2}", name):
            name = re.sub(r"[^\W\d_]+", lambda word: word.group(0).capitalize(), name)
        letters = sum(c.isalpha() for c in name)
        if letters >= 2 and name.casefold() not in TITLES and is_latin_name(name) and name[0].isupper():
            found.append(name)
    return found


def _some(names: list[str], most: int) -> list[str]:
    """The first, if a list goes by how common names are; if it goes by the alphabet, some of every letter."""
    pairs = list(pairwise(names))
    by_alphabet = sum(a.casefold() <= b.casefold() for a, b in pairs) >= SORTED * len(pairs)
    if len(names) <= most:
        return names
    return [names[place * len(names) // most] for place in range(most)] if by_alphabet else names[:most]


class Packages:
    """Names as the packages have them, from their unpacked files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        sys.path.insert(0, str(folder / "py"))

    def names(self, package: str, locale: str, field: str) -> list[str]:
        """The names of a field; empty: the locale has none."""
        readers = {
            "faker": self._faker,
            "php": self._php,
            "datafaker": self._datafaker,
            "faker-js": self._faker_js,
        }
        return readers[package](locale, field)

    def _faker(self, locale: str, field: str) -> list[str]:
        whose, _, field_name = field.rpartition(" ")
        found = getattr(import_module(f"faker.providers.person.{locale}").Provider, field_name, ())
        names = [str(name) for name in found]
        if not whose:
            return names
        return [name for name in names if name.endswith(LITHUANIAN_WOMAN) == (whose == "her")]

    def _php(self, locale: str, field: str) -> list[str]:
        (path,) = self._folder.glob(f"php-faker/**/Provider/{locale}/Person.php")
        text = path.read_text(encoding="utf-8")
        found = re.search(rf"static \${field}\s*=\s*(?:array\(|\[)(.*?)(?:\)|\]);", text, re.DOTALL)
        listed = re.findall(r"'((?:[^'\\]|\\.)*)'|\"([^\"]*)\"", found.group(1) if found else "")
        return [(one or other).replace("\\'", "'") for one, other in listed]

    def _datafaker(self, locale: str, field: str) -> list[str]:
        found = self._yaml(locale)[field]
        return [str(name) for name in found] if isinstance(found, list) else []

    @cache  # noqa: B019  # one object, for as long as the script runs
    def _yaml(self, locale: str) -> Mapping[str, object]:
        (jar,) = self._folder.glob("**/datafaker-*.jar")
        with zipfile.ZipFile(jar) as file:
            found: Mapping[str, object] = yaml.safe_load(file.read(f"{locale}.yml"))[locale]["faker"]["name"]
        return found

    def _faker_js(self, locale: str, field: str) -> list[str]:
        kind, gender = field.split(".")
        (path,) = self._folder.glob(f"package/dist/{locale}-*.js")
        found = re.search(rf"{kind}:{{[^}}]*?(?<![a-z]){gender}:`([^`]*)`", path.read_text(encoding="utf-8"))
        return found.group(1).split(".") if found else []


if __name__ == "__main__":
    main()
