from stark_udfs.stages.text.personas.categories import ADULT, CATEGORIES, category_of, drawn


def describe_categories():
    def there_are_fifty_with_different_names():
        assert len({category.name for category in CATEGORIES}) == len(CATEGORIES) == 50

    def it_finds_a_category_by_path_and_key():
        assert category_of("Location > Residence", "country").name == "Location > Residence (country)"

    def it_keeps_work_and_sensitive_subjects_from_minors():
        for category in CATEGORIES:
            if category.sensitive or category.path.startswith("Employment"):
                assert category.min_age >= ADULT, category

    def it_marks_health_and_politics_as_sensitive():
        sensitive = {category.key for category in CATEGORIES if category.sensitive}
        assert sensitive == {
            "physical symptom",
            "psychiatric symptom",
            "respiratory disease",
            "digestive disease",
            "medicine",
            "politic",
            "social issue",
        }


def describe_drawn():
    def it_leaves_out_by_path_or_by_full_name():
        names = {c.name for c in drawn(("Preference > Food", "Location > Residence (country)"), sensitive=True)}
        assert len(names) == 48
        assert "Location > Residence (city-state)" in names

    def it_can_do_without_sensitive_categories():
        assert not [category for category in drawn((), sensitive=False) if category.sensitive]
