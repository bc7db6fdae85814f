"""The 50 categories of persona sentences; paths and entity keys as in the paper's Table 6.

Ages, sensitivity and what a category is about are ours.
"""

from collections.abc import Collection
from dataclasses import dataclass

ADULT = 18


@dataclass(frozen=True)
class Category:
    """What a persona sentence is about; `path` and `key` together name it, since two paths stand twice."""

    path: str
    key: str
    about: str
    min_age: int = 0
    max_age: int = 120
    sensitive: bool = False

    @property
    def name(self) -> str:
        """Path and key, as in 'Location > Residence (country)'."""
        return f"{self.path} ({self.key})"


def _health(path: str, key: str, about: str) -> Category:
    return Category(path, key, about, min_age=ADULT, sensitive=True)


CATEGORIES = (
    Category("School > Name", "school name", "a school or university they go to or once went to"),
    Category("School > Type", "school type", "the kind of school they go to or once went to"),
    Category("School > Degree", "degree", "a degree they hold or work towards", min_age=ADULT),
    Category("School > Degree Subject", "degree subject", "what they study or studied for a degree", min_age=ADULT),
    Category("School > Status", "school status", "where they stand in their schooling", max_age=69),
    Category("Employment > Company", "company name", "a company they work for or retired from", min_age=ADULT),
    Category("Employment > Workplace", "workplace", "the kind of place they work or worked in", min_age=ADULT),
    Category("Employment > Profession", "profession", "what they do, or did, for a living", min_age=ADULT),
    Category("Employment > Job Status", "job status", "how they are employed, or that they are not", min_age=ADULT),
    Category("Employment > Previous Profession", "profession", "a job they had and left", min_age=22),
    Category("Employment > Teaching Experience > Subject", "subject", "a subject they have taught", min_age=22),
    Category("Employment > Teaching Experience > Activity", "activity", "an activity they have taught", min_age=ADULT),
    Category("Possession > Animal", "animal", "an animal they keep"),
    Category("Possession > Vehicle", "vehicle", "a vehicle of their own", min_age=ADULT),
    Category("Preference > Location", "location", "a part of the world, a city or a region that they like"),
    Category("Preference > Place", "place", "a kind of place they like to be in"),
    Category("Preference > Show", "show", "a television or streaming show they like"),
    Category("Preference > Media Genre", "media genre", "a kind of media they follow, such as podcasts on history"),
    Category("Preference > Animal", "animal", "an animal they like, without keeping it"),
    Category("Preference > Book Author", "book author", "an author they read"),
    Category("Preference > Book Genre", "book genre", "a kind of book they read"),
    Category("Preference > Book Title", "book title", "a book they like"),
    Category("Preference > Color", "color", "a color they like, and where it shows"),
    Category("Preference > Drink", "drink", "a drink they like"),
    Category("Preference > Food", "food", "a dish or food they like"),
    Category("Preference > Hobby", "hobby", "something they do in their free time"),
    Category("Preference > Movie Genre", "movie genre", "a kind of film they watch"),
    Category("Preference > Movie Title", "movie title", "a film they like"),
    Category("Preference > Music Genre", "music genre", "a kind of music they listen to"),
    Category("Preference > Music Instrument", "music instrument", "an instrument they play or love to hear"),
    Category("Preference > Music Artist", "music artist", "a musician or band they listen to"),
    Category("Preference > Season", "season", "a season they like, as it is where they live"),
    Category("Preference > Sport", "sport", "a sport they play or follow"),
    Category("Location > Residence", "city-state", "a city, state or province in which they live or lived"),
    Category("Location > Residence", "country", "a country in which they live or lived; mostly where they live now"),
    _health("Physical Symptom", "physical symptom", "a bodily symptom they live with"),
    _health("Psychiatric Symptom", "psychiatric symptom", "a symptom of the mind they live with"),
    _health("Respiratory Disease", "respiratory disease", "an illness of the airways they have or had"),
    _health("Digestive Disease", "digestive disease", "an illness of the stomach or gut they have or had"),
    _health("Medicine", "medicine", "a medicine that a doctor has prescribed or advised to them"),
    Category("Preference > Game", "game", "a game they play: board, card, video or outdoors"),
    Category("Preference > Fashion", "fashion", "a style, garment or accessory they wear"),
    Category("Preference > Social Media", "social media", "a social network they use, and for what", min_age=13),
    Category("Preference > Health & Fitness", "health & fitness", "what they do to stay well"),
    Category("Preference > Technology", "technology", "a technology or device they like to use or follow"),
    Category("Preference > Art & Design", "art & design", "a form of art or design they care for"),
    Category("Preference > Travel", "travel", "a journey, a destination or a way of travelling they like"),
    Category("Preference > Politic", "politic", "a political matter they follow", min_age=ADULT, sensitive=True),
    Category(
        "Preference > Social Issue", "social issue", "a social issue they care about", min_age=ADULT, sensitive=True
    ),
    Category("Preference > Science", "science", "a field or question of science they follow"),
)

_BY_NAME = {category.name: category for category in CATEGORIES}


def category_of(path: str, key: str) -> Category:
    """The category of a path and an entity key; KeyError if there is none."""
    return _BY_NAME[f"{path} ({key})"]


def drawn(leave_out: Collection[str], *, sensitive: bool) -> tuple[Category, ...]:
    """The categories that personas are drawn from; `leave_out` holds paths or full names."""
    return tuple(
        category
        for category in CATEGORIES
        if (sensitive or not category.sensitive) and not {category.path, category.name} & set(leave_out)
    )
