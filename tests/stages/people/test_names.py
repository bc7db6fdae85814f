import unicodedata
from pathlib import Path

import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.data.names import listed_names, packaged_names
from stark_udfs.stages.people.countries import countries
from stark_udfs.stages.people.names import is_latin_name, named_countries, pools

PAPER = (
    "United States",
    "China",
    "Japan",
    "India",
    "United Arab Emirates",
    "France",
    "Germany",
    "Italy",
    "South Korea",
    "Saudi Arabia",
    "Kazakhstan",
    "Brazil",
    "Mexico",
    "Egypt",
    "Argentina",
    "Russia",
    "United Kingdom",
    "Spain",
    "Canada",
)
LEAST = 60
HEADER = "country,gender,kind,name\n"


def names_of(country: str, gender: str, kind: str) -> set[str]:
    return {
        name.name
        for name in packaged_names()
        if name.country == country and name.kind == kind and name.gender in (gender, "both")
    }


def describe_packaged_names():
    def it_covers_the_paper_and_more():
        assert set(PAPER) <= set(named_countries())
        assert len(named_countries()) >= len(PAPER) + 15

    def it_names_countries_as_the_population_does():
        assert {name.country for name in packaged_names()} <= set(countries())

    @pytest.mark.parametrize("country", sorted({*PAPER, *(name.country for name in packaged_names())}))
    @pytest.mark.parametrize("gender", ["male", "female"])
    def it_has_enough_for_a_country(country: str, gender: str):
        assert len(names_of(country, gender, "first")) >= LEAST
        assert len(names_of(country, gender, "last")) >= LEAST

    def it_has_no_name_twice():
        keys = [(name.country, name.gender, name.kind, name.name.casefold()) for name in packaged_names()]
        assert len(keys) == len(set(keys))

    def it_says_of_no_family_name_that_it_is_for_one_gender_and_for_both():
        gendered = {(n.country, n.name) for n in packaged_names() if n.kind == "last" and n.gender != "both"}
        assert not gendered & {(n.country, n.name) for n in packaged_names() if n.kind == "last" and n.gender == "both"}

    def it_is_in_latin_letters():
        assert [name for name in packaged_names() if not is_latin_name(name.name)] == []
        assert all(unicodedata.is_normalized("NFC", name.name) for name in packaged_names())

    def it_knows_kinds_and_genders_only():
        kinds = {(name.kind, name.gender) for name in packaged_names()}
        assert kinds == {
            ("first", "male"),
            ("first", "female"),
            ("last", "male"),
            ("last", "female"),
            ("last", "both"),
        }

    @pytest.mark.parametrize(
        ("country", "his", "hers"),
        [
            ("Russia", "Kuznetsov", "Kuznetsova"),
            ("Kazakhstan", "Akhmetov", "Akhmetova"),
            ("Poland", "Kowalski", "Kowalska"),
            ("Ukraine", "Kovalskyi", "Kovalska"),
        ],
    )
    def it_gives_women_their_form_of_a_family_name(country: str, his: str, hers: str):
        assert his in names_of(country, "male", "last") - names_of(country, "female", "last")
        assert hers in names_of(country, "female", "last") - names_of(country, "male", "last")


def describe_listed_names():
    def they_are_names_in_latin_letters():
        assert [name for name in listed_names() if not is_latin_name(name.name) or len(name.name) < 2] == []
        assert all(unicodedata.is_normalized("NFC", name.name) for name in listed_names())

    def they_are_of_countries_that_have_no_names_of_their_own():
        assert not {name.country for name in listed_names()} & {name.country for name in packaged_names()}

    def they_hold_no_titles():
        assert not {"Dr", "Mr", "Mrs", "Prof", "Haji", "Bin", "Binti", "Jr"} & {name.name for name in listed_names()}

    @pytest.mark.parametrize(
        ("country", "his", "hers"),
        [
            ("Czech Republic", "Novák", "Nováková"),
            ("Bulgaria", "Ivanov", "Ivanova"),
            ("Iceland", "Jónsson", "Jónsdóttir"),
        ],
    )
    def they_give_women_their_form_of_a_family_name(country: str, his: str, hers: str):
        made = {pool.counts_as: pool for pool in pools() if pool.country == country}
        lasts = {gender: {last for found in pool.lasts.values() for last in found} for gender, pool in made.items()}
        assert his in lasts["male"] - lasts["female"]
        assert hers in lasts["female"] - lasts["male"]


def describe_pools():
    def it_has_names_for_more_than_120_countries():
        assert len(named_countries()) >= 150
        assert {
            "Netherlands",
            "Czech Republic",
            "Myanmar",
            "Côte d'Ivoire",
            "Hong Kong",
            "Taiwan",
            "Kosovo",
            "Macao",
        } <= set(named_countries())

    def it_has_fifty_given_names_for_each_gender_and_family_names_everywhere():
        firsts = {(pool.country, pool.counts_as): {first for first, _ in pool.firsts} for pool in pools()}
        assert [key for key, names in firsts.items() if len(names) < 50] == []
        assert [pool for pool in pools() if len({last for lasts in pool.lasts.values() for last in lasts}) < 20] == []

    def it_keeps_the_names_of_one_list_together():
        (belgium,) = (pool for pool in pools() if pool.country == "Belgium" and pool.counts_as == "female")
        assert set(belgium.lasts) == {"nl-be", "fr-be"}
        assert "Bauwens" in set(belgium.lasts["nl-be"]) - set(belgium.lasts["fr-be"])

    def it_draws_shared_lists_only_where_the_user_gives_no_names(tmp_path: Path):
        own = tmp_path / "names.csv"
        own.write_text(
            HEADER + "Jamaica,male,first,Winston\nJamaica,female,first,Portia\nJamaica,both,last,Bolt\n", "utf-8"
        )
        made = {pool.counts_as: pool for pool in pools(str(own)) if pool.country == "Jamaica"}
        assert made["male"].firsts == (("Winston", ""),)
        assert made["male"].lasts == {"": ("Bolt",)}

    def it_draws_from_a_shared_list_beside_half_the_names(tmp_path: Path):
        own = tmp_path / "names.csv"
        own.write_text(HEADER + "Jamaica,male,first,Winston\n", "utf-8")
        made = {pool.counts_as: pool for pool in pools(str(own)) if pool.country == "Jamaica"}
        assert made["male"].firsts[0] == ("Winston", "")
        assert len(made["male"].firsts) > 50

    def it_gives_every_given_name_several_family_names():
        thin = [(pool.country, group) for pool in pools() for group, lasts in pool.lasts.items() if len(set(lasts)) < 4]
        assert thin == []

    def it_keeps_names_together_that_are_heard_together():
        (india,) = (pool for pool in pools() if pool.country == "India" and pool.counts_as == "female")
        groups = dict(india.firsts)
        assert {"Iyer", "Gill"} & set(india.lasts[groups["Lakshmi"]]) == {"Iyer"}
        assert {"Iyer", "Gill"} & set(india.lasts[groups["Simran"]]) == {"Gill"}

    def it_uses_every_family_name():
        reachable = {(p.country, last) for p in pools() for lasts in p.lasts.values() for last in lasts}
        all_names = (*packaged_names(), *listed_names())
        assert {(n.country, n.name) for n in all_names if n.kind == "last"} == reachable

    def it_gives_the_names_of_either_to_both():
        by_place = {(pool.country, pool.counts_as): {first for first, _ in pool.firsts} for pool in pools()}
        for country in named_countries():
            assert by_place[country, "both"] == by_place[country, "male"] | by_place[country, "female"]

    def it_adds_the_names_of_a_file(tmp_path: Path):
        own = tmp_path / "names.csv"
        own.write_text(
            HEADER + "Fiji,male,first,Ratu\nFiji,female,first,Adi\nFiji,both,last,Vakatawa\nUSA,male,first,Zebulon\n",
            encoding="utf-8-sig",
        )
        made = {(pool.country, pool.counts_as): pool for pool in pools(str(own))}
        assert made["Fiji", "female"].firsts == (("Adi", ""),)
        assert made["Fiji", "male"].lasts == {"": ("Vakatawa",)}
        assert ("Zebulon", "") in made["United States", "male"].firsts
        assert set(named_countries(str(own))) - set(named_countries()) == {"Fiji"}

    def it_leaves_out_a_country_with_half_the_names(tmp_path: Path):
        own = tmp_path / "names.csv"
        own.write_text(HEADER + "Fiji,male,first,Ratu\nFiji,both,last,Vakatawa\n", encoding="utf-8")
        assert "Fiji" not in named_countries(str(own))

    @pytest.mark.parametrize(
        ("row", "complaint"),
        [
            ("Fijji,male,first,Ratu", "row 1: country: unknown country 'Fijji'. Nearest: Fiji"),
            ("Fiji,men,first,Ratu", "row 1: gender: 'men' is none of male, female"),
            ("Fiji,both,first,Ratu", "row 1: gender: 'both' is none of male, female"),
            ("Fiji,male,middle,Ratu", "row 1: kind: 'middle' is neither first nor last"),
            ("Japan,male,first,翔太", "row 1: name: '翔太' is not a name in Latin letters"),
            ("Japan,male", "row 1: kind: '' is neither first nor last"),
        ],
    )
    def it_refuses_a_bad_row_and_says_which(tmp_path: Path, row: str, complaint: str):
        own = tmp_path / "names.csv"
        own.write_text(HEADER + row + "\n", encoding="utf-8")
        with pytest.raises(InputError) as caught:
            pools(str(own))
        assert complaint in str(caught.value)

    def it_refuses_a_file_without_the_columns(tmp_path: Path):
        own = tmp_path / "names.csv"
        own.write_text("country,name\nFiji,Ratu\n", encoding="utf-8")
        with pytest.raises(InputError, match="has no column gender, kind; there are: country, name"):
            pools(str(own))

    def it_refuses_a_file_that_is_not_there(tmp_path: Path):
        with pytest.raises(InputError, match="cannot read"):
            pools(str(tmp_path / "none.csv"))


def describe_is_latin_name():
    @pytest.mark.parametrize("name", ["Ana", "D'Angelo", "van der Merwe", "Ji-woo", "Łukasz", "Ayşe", "Gökhan"])
    def it_takes_names(name: str):
        assert is_latin_name(name)

    @pytest.mark.parametrize("name", ["", " Ana", "Ana ", "A1", "Анна", "Αννα", "Ana_", "Ana--Lu", "Ana\n", "x" * 61])
    def it_takes_nothing_else(name: str):
        assert not is_latin_name(name)
