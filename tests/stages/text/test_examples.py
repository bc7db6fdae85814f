import re

from stark_udfs.core.ids import rng_of
from stark_udfs.stages.text.personas.categories import category_of
from stark_udfs.stages.text.personas.examples import EXAMPLES, examples_for


def describe_the_examples():
    def there_are_eight_each_of_at_least_twenty_two_known_categories():
        assert len(EXAMPLES) >= 22
        for (path, key), sentences in EXAMPLES.items():
            assert category_of(path, key)
            assert len(set(sentences)) >= 8

    def every_sentence_marks_one_value_and_is_in_the_first_person():
        for sentence in (sentence for sentences in EXAMPLES.values() for sentence in sentences):
            assert len(re.findall(r"\[[^\[\]]+\]", sentence)) == 1, sentence
            assert re.search(r"\b(I|my|me|we|our)\b", sentence, re.IGNORECASE), sentence


def describe_examples_for():
    def it_shows_another_category_with_the_value_in_the_sentence():
        for draw in range(200):
            shown = examples_for(rng_of(draw), 5, but="Preference > Food", age=40)
            assert shown.path != "Preference > Food"
            assert len(shown.sentences) == 5
            assert all(value in sentence and "[" not in sentence for sentence, value in shown.sentences)

    def it_shows_minors_nothing_of_grown_ups():
        paths = {examples_for(rng_of(draw), 1, but="", age=12).path for draw in range(300)}
        assert not [path for path in paths if path.startswith("Employment") or path == "Possession > Vehicle"]

    def it_gives_what_there_is():
        assert len(examples_for(rng_of(1), 30, but="", age=40).sentences) == 8
