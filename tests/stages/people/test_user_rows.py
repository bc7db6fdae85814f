import pytest

from stark_udfs.core.errors import SettingsError
from stark_udfs.settings.people import Gender, PeopleSettings
from stark_udfs.stages.people.sampler import Profile
from stark_udfs.stages.people.user_rows import Problem, id_problem, missing_columns, profile_of, rules

MALE = Gender(
    word="male",
    noun="man",
    child_noun="boy",
    subject="he",
    object="him",
    possessive="his",
    counts_as="male",
)
FEMALE = Gender(
    word="female",
    noun="woman",
    child_noun="girl",
    subject="she",
    object="her",
    possessive="her",
    counts_as="female",
)
NEITHER = Gender(
    word="non-binary person",
    noun="person",
    child_noun="child",
    subject="they",
    object="them",
    possessive="their",
    counts_as="both",
)
PEOPLE = PeopleSettings(bands=((10, 90),), genders=(MALE, FEMALE, NEITHER), countries=("Japan", "Brazil"))
RULES = rules(PEOPLE)
ROW = {"age": "34", "gender": "female", "birthplace": "Brazil", "residence": "Japan"}


def describe_profile_of():
    def it_reads_a_row():
        assert profile_of(ROW, RULES) == Profile(34, "female", "Brazil", "Japan")

    @pytest.mark.parametrize("age", ["34", " 34 ", "+34", "34.0", "34.", "34,0", "034"])
    def it_reads_whole_ages(age: str):
        assert profile_of({**ROW, "age": age}, RULES) == Profile(34, "female", "Brazil", "Japan")

    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            ("Female", "female"),
            ("F", "female"),
            ("woman", "female"),
            ("M", "male"),
            ("boy", "male"),
            ("Non-binary", "non-binary person"),
            ("nonbinary", "non-binary person"),
            ("non-binary person", "non-binary person"),
        ],
    )
    def it_reads_genders_as_people_write_them(said: str, meant: str):
        assert profile_of({**ROW, "gender": said}, RULES) == Profile(34, meant, "Brazil", "Japan")

    def it_reads_countries_as_people_write_them():
        row = {**ROW, "birthplace": "Korea, Republic of", "residence": "bhutan"}
        assert profile_of(row, RULES) == Profile(34, "female", "South Korea", "Bhutan")

    @pytest.mark.parametrize(
        ("column", "value", "complaint"),
        [
            ("age", "-3", "age: -3 is not between 0 and 120"),
            ("age", "200", "age: 200 is not between 0 and 120"),
            ("age", "7", "age: 7 is below people.min_age (10)"),
            ("age", "34.5", "age: '34.5' is not a whole number of years"),
            ("age", "3.4e1", "age: '3.4e1' is not a whole number of years"),
            ("age", "thirty", "age: 'thirty' is not a number"),
            ("age", "NaN", "age: 'NaN' is not a number"),
            ("age", "20-30", "age: '20-30' is not a number"),
            ("age", "9" * 4000, f"age: '{'9' * 60}' is not a whole number of years"),
            ("age", "٣٤", "age: '٣٤' is not a number"),
            ("age", None, "age: is empty"),
            ("gender", "  ", "gender: is empty"),
            ("gender", "robot", "gender: 'robot' is not in people.genders: male, female, non-binary person"),
            ("birthplace", "Atlantis", "birthplace: unknown country 'Atlantis'."),
            ("residence", "Jappan", "residence: unknown country 'Jappan'. Nearest: Japan"),
            ("birthplace", "Tuvalu", "birthplace: there are no names for Tuvalu; add them in people.names"),
            ("residence", "", "residence: is empty"),
        ],
    )
    def it_says_what_is_wrong_and_where(column: str, value: str | None, complaint: str):
        problem = profile_of({**ROW, column: value}, RULES)
        assert isinstance(problem, Problem)
        assert str(problem).startswith(complaint)

    def it_survives_any_text():
        for value in ("\x00", "\ud800", "😀" * 1000, "<script>", "'; drop table"):
            assert all(isinstance(profile_of({**ROW, column: value}, RULES), Problem) for column in ROW)


def describe_rules():
    def it_needs_genders():
        with pytest.raises(SettingsError, match=r"people\.genders"):
            rules(PEOPLE.model_copy(update={"genders": ()}))

    def it_takes_no_spelling_that_two_genders_share():
        other = NEITHER.model_copy(update={"word": "agender", "noun": "person", "child_noun": "kid"})
        shared = rules(PEOPLE.model_copy(update={"genders": (MALE, FEMALE, NEITHER, other)}))
        assert isinstance(profile_of({**ROW, "gender": "person"}, shared), Problem)
        assert profile_of({**ROW, "gender": "kid"}, shared) == Profile(34, "agender", "Brazil", "Japan")


def describe_id_problem():
    @pytest.mark.parametrize("text", ["7", "user-42", "Ünï"])
    def it_takes_ids(text: str):
        assert id_problem(text) is None

    @pytest.mark.parametrize("text", [None, "", "  ", "a\x1fb", "a\nb", "x" * 201])
    def it_takes_no_others(text: str | None):
        assert id_problem(text) is not None


def describe_missing_columns():
    def it_names_them_in_order():
        assert missing_columns(["gender", "residence", "note"]) == ("age", "birthplace")
