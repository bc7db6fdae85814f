import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.data.countries import Country, packaged_countries
from stark_udfs.data.population import iso3_codes
from stark_udfs.stages.people.countries import countries, country_named


def describe_country_named():
    @pytest.mark.parametrize("country", countries())
    def it_knows_a_country_by_its_own_name(country: str):
        assert country_named(country) == country
        assert country_named(f"  {country.upper()} ") == country

    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            ("US", "United States"),
            ("USA", "United States"),
            ("U.S.", "United States"),
            ("u.s.a.", "United States"),
            ("The United States of America", "United States"),
            ("UK", "United Kingdom"),
            ("Great Britain", "United Kingdom"),
            ("Korea", "South Korea"),
            ("Republic of Korea", "South Korea"),
            ("Korea, Republic of", "South Korea"),
            ("KOR", "South Korea"),
            ("UAE", "United Arab Emirates"),
            ("U.A.E.", "United Arab Emirates"),
            ("Russian Federation", "Russia"),
            ("Viet Nam", "Vietnam"),
            ("Türkiye", "Turkey"),
            ("Cote d'Ivoire", "Côte d'Ivoire"),
            ("Guinea Bissau", "Guinea-Bissau"),
        ],
    )
    def it_knows_the_usual_spellings(said: str, meant: str):
        assert country_named(said) == meant

    @pytest.mark.parametrize("entry", packaged_countries(), ids=lambda entry: entry.iso3)
    def it_knows_every_entry_by_its_codes_and_all_its_names(entry: Country):
        said = (entry.iso2, entry.iso3, entry.iso3.lower(), entry.name, *entry.others)
        assert {country_named(text) for text in said} == {entry.name}

    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            ("日本", "Japan"),
            ("한국", "South Korea"),
            ("대한민국", "South Korea"),
            ("中国", "China"),
            ("香港", "Hong Kong"),
            ("澳門", "Macao"),
            ("台灣", "Taiwan"),
            ("Россия", "Russia"),
            ("Rossiya", "Russia"),
            ("Ελλάδα", "Greece"),
            ("Hellas", "Greece"),
            ("مصر", "Egypt"),
            ("Misr", "Egypt"),
            ("भारत", "India"),
            ("Bharat", "India"),
            ("ไทย", "Thailand"),
            ("Kosova", "Kosovo"),
            ("Косово", "Kosovo"),
            ("Nederland", "Netherlands"),
            ("Belgique", "Belgium"),
            ("Schweiz", "Switzerland"),
            ("Suomi", "Finland"),
            ("Magyarország", "Hungary"),
            ("Česko", "Czech Republic"),
        ],
    )
    def it_knows_what_countries_call_themselves(said: str, meant: str):
        assert country_named(said) == meant

    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            ("Ivory Coast", "Côte d'Ivoire"),
            ("Burma", "Myanmar"),
            ("Holland", "Netherlands"),
            ("Czechia", "Czech Republic"),
            ("Macau", "Macao"),
            ("Hong Kong SAR", "Hong Kong"),
            ("Republic of Korea", "South Korea"),
            ("Korea, Dem. People's Rep.", "North Korea"),
            ("Congo, The Democratic Republic of the", "Democratic Republic of the Congo"),
            ("Republic of Congo", "Congo"),
            ("Islamic Republic of Afghanistan", "Afghanistan"),
            ("Kingdom of the Netherlands", "Netherlands"),
            ("St. Lucia", "Saint Lucia"),
            ("Antigua & Barbuda", "Antigua and Barbuda"),
        ],
    )
    def it_knows_older_longer_and_shorter_english_names(said: str, meant: str):
        assert country_named(said) == meant

    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            ("Guinea", "Guinea"),
            ("Guinea-Bissau", "Guinea-Bissau"),
            ("Equatorial Guinea", "Equatorial Guinea"),
            ("Papua New Guinea", "Papua New Guinea"),
            ("Congo", "Congo"),
            ("DR Congo", "Democratic Republic of the Congo"),
            ("Korea", "South Korea"),
            ("North Korea", "North Korea"),
            ("Georgia", "Georgia"),
            ("South Georgia and the South Sandwich Islands", "South Georgia and the South Sandwich Islands"),
            ("Niger", "Niger"),
            ("Nigeria", "Nigeria"),
            ("Dominica", "Dominica"),
            ("Dominican Republic", "Dominican Republic"),
            ("Samoa", "Samoa"),
            ("American Samoa", "American Samoa"),
        ],
    )
    def it_tells_neighbours_in_name_apart(said: str, meant: str):
        assert country_named(said) == meant

    @pytest.mark.parametrize(
        ("said", "both"),
        [
            ("Guiana", "French Guiana or Guyana"),
            ("the Virgin Islands", "British Virgin Islands or United States Virgin Islands"),
        ],
    )
    def it_asks_which_of_two_is_meant(said: str, both: str):
        with pytest.raises(InputError, match=f"{said!r} may be {both}: write which"):
            country_named(said)

    @pytest.mark.parametrize("said", ["State of Georgia", "Democratic Republic of Korea", "Republic of Nowhere"])
    def it_takes_no_long_form_for_another_country(said: str):
        with pytest.raises(InputError, match="unknown country"):
            country_named(said)

    @pytest.mark.parametrize(
        ("said", "nearest"), [("Untied States", "United States"), ("Kasachstan", "Kazakhstan"), ("Brazill", "Brazil")]
    )
    def it_names_the_nearest(said: str, nearest: str):
        with pytest.raises(InputError, match=rf"unknown country '{said}'. Nearest: .*{nearest}"):
            country_named(said)

    @pytest.mark.parametrize("said", ["", "???", "Qwxzy", "天下", "x" * 10_000])
    def it_says_how_to_write_one_when_nothing_is_near(said: str):
        with pytest.raises(InputError, match="Write it as in 'South Korea'"):
            country_named(said)


def describe_countries():
    def it_holds_iso_3166_and_kosovo():
        entries = packaged_countries()
        assert len(entries) == len({entry.iso2 for entry in entries}) == len({entry.iso3 for entry in entries}) == 250
        assert {"HKG", "MAC", "TWN", "XKX", "PRI", "ALA", "SXM"} <= {entry.iso3 for entry in entries}

    def it_names_the_counted_ones_as_the_population_does():
        assert iso3_codes().items() <= {entry.name: entry.iso3 for entry in packaged_countries()}.items()
