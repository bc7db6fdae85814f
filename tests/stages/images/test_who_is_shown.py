import pytest

from stark_udfs.stages.images.who_is_shown import Owner, seen_in

HANA = Owner("Hana Mori", 34, "female")
BEN = Owner("Ben Ode", 14, "male")


def child_in(text: str) -> bool:
    return seen_in(text, HANA, min_age=18).child


def user_in(text: str, owner: Owner = HANA) -> bool:
    return seen_in(text, owner, min_age=18).user


def describe_children():
    @pytest.mark.parametrize(
        "text",
        [
            "A 14-year-old in a school corridor, lockers behind",
            "A 14 year old at a bus stop",
            "a fourteen-year-old with a violin",
            "Two 9-year-olds on a seesaw",
            "A cousin aged nine in a paddling pool",
            "A neighbour, age 12, holding a trophy",
            "a 7yo with a kite",
            "A six-month-old on a blanket",
            "A child in a yellow raincoat by the canal",
            "Three children running beneath a tablecloth",
            "A kid with a snail in a lunchbox",
            "Kids splashing in a fountain",
            "A teenager on a skateboard",
            "Teenage girls in front of a mirror",
            "A group of teens at a bus stop",
            "A toddler asleep on a sofa",
            "A baby in a high chair, carrot on its chin",
            "Babies on a play mat",
            "A boy asleep on the step of a food cart",
            "Boys playing football in a yard",
            "A girl in a red dress, dancing",
            "Two schoolboys with satchels",
            "A schoolgirl at a crossing",
            "Her daughter blowing out candles",
            "His grandson with a fishing rod",
            "A niece and a nephew in paper hats",
            "A class photo with three rows of pupils",
            "Third-graders around a globe",
            "High school students in a lab",
            "A preteen with headphones",
            "A newborn in a striped blanket",
            "A child's fist just leaving the frame",
            "The children's choir on a stage",
            "A child's smiling face, close up",
            "The boy's on a swing, mid-air",
            "A girl with her bicycle",
            "A father and son on a pier",
            "A girl's bicycle beside a girl in a helmet",
            "A statue of a boy beside a boy with an ice cream",
            "A ch\u200dild on a swing",
            "ＣＨＩＬＤ on a swing",
            "A child drawing on the pavement",
            "Kids bike to school along a river",
            "A quinceañera in a pink gown",
            "An underage crowd at a concert",
        ],
    )
    def it_sees(text: str):
        assert child_in(text)

    @pytest.mark.parametrize(
        "text",
        [
            "A girl's bicycle against a wall",
            "A girl's red bicycle against a wall",
            "A children's book with a torn cover",
            "Page from a children's encyclopedia showing tortoises",
            "Baby carrots in a glass bowl",
            "Baby spinach and baby tomatoes on a board",
            "Her boyfriend, a tall man in a hat, at a barbecue",
            "A girlfriend's gift: a knitted scarf",
            "A kid-friendly café with wooden chairs",
            "A playground with no people, at dusk",
            "A playground with no children in sight",
            "A beach without kids, deck chairs folded",
            "A child's drawing of a house, taped to a fridge",
            "The kids' menu on a chalkboard",
            "A kids menu on a chalkboard",
            "A child seat on the back of a bicycle",
            "A child-proof lock on a cupboard",
            "A baby elephant under its mother",
            "A baby grand piano in a hotel lobby",
            "Baby-blue curtains in a kitchen",
            "A baby shower cake with white icing",
            "A cowboy on a film poster",
            "A tomboyish haircut on a woman of forty",
            "A 12-year-old whisky in a tumbler",
            "A ten-year-old labrador asleep",
            "A 3-year-old tabby cat on a sill",
            "A whisky aged 12 years beside a cigar",
            "A cheese aged nine months",
            "A 34-year-old woman at a market stall",
            "A woman aged forty-two in a boat",
            "The Beach Boys on a record sleeve",
            "A Game Boy with a cracked screen",
            "A shop sign reading Miller & Sons",
            "A bronze statue of a small boy in a fountain",
            "A grown son in a suit beside a car",
            "Childhood photographs were sold at the stall",
            "A kidney-shaped pool",
            "A puzzle for ages 8 and up",
            "A boy band on a faded poster",
            "A teen drama paused on a television",
            "A 1990s bus, 100 years of the line painted on it",
        ],
    )
    def it_does_not_see(text: str):
        assert not child_in(text)

    def it_counts_younger_people_as_children_where_the_limit_is_higher():
        assert seen_in("A 20-year-old at a bar", HANA, min_age=21).child
        assert not child_in("A 20-year-old at a bar")


def describe_the_user():
    @pytest.mark.parametrize(
        "text",
        [
            "A selfie on a bridge in fog",
            "Mirror selfie with a cracked phone",
            "A 34-year-old female at a market",
            "a 34-year-old woman in a red coat",
            "A thirty-four-year-old in a doorway",
            "Me and a dog on a pier",
            "A photo of myself in a kimono",
            "My reflection in a shop window",
            "I'm standing in the snow",
            "Hana in a kimono before a shrine",
            "hana mori at a desk",
            "Hana's tired face in a train window",
            "The user at a desk, papers everywhere",
            "A self-portrait in a hallway mirror",
        ],
    )
    def it_sees(text: str):
        assert user_in(text)

    @pytest.mark.parametrize(
        "text",
        [
            "A selfie stick leaning on a wall",
            "A 34-year-old man at a market",
            "A 35-year-old woman at a market",
            "A 34-year-old oak in a field",
            "Hana's bicycle under a tarpaulin",
            "A sign that says \u201ccall me\u201d",
            'Screenshot of a chat: "tell me more"',
            "Self-portrait by Frida Kahlo in a frame",
            "The user manual of a washing machine",
            "Some melon on a plate",
        ],
    )
    def it_does_not_see(text: str):
        assert not user_in(text)

    def it_knows_an_owner_without_a_gender_by_age_alone():
        assert user_in("A 34-year-old man at a market", Owner("Kim Lee", 34, "both"))

    def it_takes_no_short_given_name_for_a_word():
        assert not user_in("Bo peeps from a poster", Owner("Bo Chen", 34, "male"))
        assert user_in("Bo's face on a poster", Owner("Bo Chen", 34, "male"))


def describe_others():
    @pytest.mark.parametrize(
        "text",
        [
            "My best friend on a swing",
            "Classmates around a table",
            "The team photo after the match",
            "Two students in a corridor",
            "A young woman laughing",
            "His brother with a guitar",
        ],
    )
    def it_sees_who_may_be_as_old_as_the_user(text: str):
        assert seen_in(text, BEN, min_age=18).peers

    @pytest.mark.parametrize(
        "text", ["A friend's bicycle", "A friendly dog", "A room without friends", "A sister's cat"]
    )
    def it_does_not_see_them(text: str):
        assert not seen_in(text, BEN, min_age=18).peers

    def it_tells_grown_ups_from_people_of_any_age():
        old = seen_in("An elderly fisherman mending nets", BEN, min_age=18)
        any_age = seen_in("Three people on a bench", BEN, min_age=18)
        assert (old.grown, old.someone) == (True, False)
        assert (any_age.grown, any_age.someone) == (False, True)

    def it_takes_time_in_proportion_to_the_text():
        seen = seen_in("a child's " * 20_000 + "aged " * 20_000, HANA, min_age=18)
        assert not seen.user
