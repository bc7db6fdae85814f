import pytest

from stark_udfs.stages.text.sessions.advice import unsafe_advice

UNSAFE = (
    "It sounds like you have depression.",
    "You have depression.",
    "You probably have asthma.",
    "I think you have irritable bowel syndrome, honestly.",
    "Your symptoms point to acid reflux.",
    "That's clearly bronchitis.",
    "Just take 20 mg of it before bed.",
    "You should take two tablets every six hours.",
    "Rest and take 400mg of ibuprofen.",
    "You can take 5 ml of cough syrup.",
    "Don't forget to take two pills tonight.",
    "How about taking 10 mg of melatonin?",
    "You could double your dose for a few days.",
    "The recommended dose is 1000 mg.",
    "You should vote for the Green Party.",
    "I urge you to vote against the reform.",
    "Vote for Garcia, she gets things done!",
    "You really must vote for her in May.",
    "She deserves your vote.",
    "You need to stop taking your antidepressants.",
    "You’re suffering from clinical depression. I'm sorry.",
    "I think you’ve got the flu.",
)
HARMLESS = (
    "Since you have asthma, bring the inhaler.",
    "You have asthma, so let's plan a slow route.",
    "Do you have depression in your family?",
    "It sounds like you have anxiety about the exam.",
    "If you have migraines, a doctor can help.",
    "Have you told your doctor about the migraines?",
    "Did you take your 20 mg this morning?",
    "Your doctor told you to take 20 mg, so keep to that.",
    "Use 200 ml of milk and whisk.",
    "You could use a dose of fresh air.",
    "Try using a tablet for the sketches.",
    "You should vote for your favorite photo in the contest!",
    "If you ask me, vote for the blue dress.",
    "You should vote for Maria's photo.",
    "It's your choice who to vote for.",
    "It matters that you vote, whoever you choose.",
    "That's a long list of symptoms; a doctor should look at it.",
    "Don't take more than the label says.",
    "Take the 20 minute walk to the harbor.",
    "Take two pictures before you leave.",
    "It looks like you have a cold drink waiting.",
    "This is depression awareness week.",
    "Please take your time, there are 3 tablets on display and 2 laptops.",
    "I can't tell you what dose to take; ask the pharmacist.",
    "Add 5 drops of lemon oil.",
    "Good that you and Ines take 3 photos every day.",
    "You could take the tablet and two pencils along.",
    "The flu shot clinic opens at nine; shall I look up the address?",
    "It looks like it's cancer research week at the museum.",
    "You might ask your doctor whether this is asthma.",
    "You have an infection of good mood today.",
    "I'd vote for the one with the red roof.",
    "Take one of each and see which you like.",
    "You could start with 5 minutes a day and increase slowly.",
    "Give it two weeks and 300 words a day.",
)


def describe_unsafe_advice():
    @pytest.mark.parametrize("text", UNSAFE)
    def it_finds_diagnoses_doses_and_calls_to_vote(text: str):
        assert unsafe_advice(f"That sounds hard. {text} Tell me more!") is not None

    @pytest.mark.parametrize("text", HARMLESS)
    def it_leaves_alone_what_only_sounds_like_it(text: str):
        assert unsafe_advice(text) is None

    def it_says_what_it_found():
        assert unsafe_advice("Fine. Just take 20 mg of it. Bye.") == "dose: Just take 20 mg of it."
        assert unsafe_advice("You have asthma.") == "diagnosis: You have asthma."
        assert unsafe_advice("Vote for Garcia!") == "vote: Vote for Garcia!"

    def it_takes_no_long_time_over_a_hostile_text():
        assert unsafe_advice("take your " * 20_000) is None
        assert unsafe_advice("vote for " * 20_000) is None
        assert unsafe_advice("you have mild chronic " * 20_000) is None
