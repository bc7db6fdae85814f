import pytest

from stark_udfs.stages.text.commonsense.relations import FORMS, Relation, said, self_portrait, sentence_form, tidy


def describe_tidy():
    @pytest.mark.parametrize(
        ("relation", "reply", "tidied"),
        [
            (Relation.ROUTINE, "I regularly walk to the market.", "walk to the market"),
            (Relation.ROUTINE, "Regularly walk to the market", "walk to the market"),
            (Relation.ROUTINE, "“walk to the market.”", "walk to the market"),
            (Relation.GOAL, "I plan to open a bar.", "to open a bar"),
            (Relation.GOAL, "I'm planning to open a bar", "to open a bar"),
            (Relation.GOAL, "to open a bar", "to open a bar"),
            (Relation.RELATIONSHIP, "So, I trade recipes with my aunt.", "trade recipes with my aunt"),
            (Relation.CHARACTERISTIC, "I plan everything a week ahead.", "plan everything a week ahead"),
            (Relation.CHARACTERISTIC, "I’m proud of my knives", "am proud of my knives"),
            (Relation.EXPERIENCE, "Walked to school barefoot", "walked to school barefoot"),
            (Relation.EXPERIENCE, "I've lost a boat", "have lost a boat"),
            (Relation.EXPERIENCE, " I. ", "I"),
        ],
    )
    def it_leaves_the_words_that_complete_the_form(relation: Relation, reply: str, tidied: str):
        assert tidy(relation, reply) == tidied


def describe_sentence_form():
    def it_puts_the_experience_before_the_profile():
        text = sentence_form(Relation.EXPERIENCE, "lost a boat", name="Ana Sol", portrait="I am 30.", persona="I row.")
        assert text == "My name is Ana Sol. I lost a boat. Now, I am 30. I row."

    def it_puts_every_other_relation_last():
        text = sentence_form(Relation.GOAL, "to row", name="Ana Sol", portrait="I am 30.", persona="I sail.")
        assert text == "My name is Ana Sol. I am 30. I sail. I plan to row."

    def it_completes_every_form_with_its_own_example():
        assert set(FORMS) == set(Relation)
        assert said(Relation.ROUTINE, FORMS[Relation.ROUTINE].example).startswith("I regularly walk")


def describe_self_portrait():
    def it_says_where_one_was_born_and_lives():
        assert self_portrait(8, "male", "Egypt", "Japan").startswith("I am an 8-year-old male, born in Egypt and now")

    def it_says_it_once_where_it_is_one_country():
        assert self_portrait(34, "female", "Egypt", "Egypt").count("Egypt") == 1
