"""Which things, places and lights the words of a description name."""

import re
from dataclasses import dataclass

from stark_udfs.demo.drawings.belongings import BELONGINGS
from stark_udfs.demo.drawings.colours import CLOTH
from stark_udfs.demo.drawings.food import FOOD
from stark_udfs.demo.drawings.leisure import LEISURE
from stark_udfs.demo.drawings.nature import NATURE
from stark_udfs.demo.drawings.outdoors import OUTDOORS
from stark_udfs.demo.drawings.pen import Colour

THINGS = {**NATURE, **FOOD, **BELONGINGS, **LEISURE, **OUTDOORS}
MOST = 4  # things in one picture
GENERIC = ("table", "room", "screen")  # places that give way to any other that is named
VESSELS = ("plate", "glass", "bowl", "cup", "pot", "bottle", "jar", "books", "bag", "ball", "bouquet")
READ = 600  # characters of a description that are read

SYNONYMS = {
    "tree": "oak maple birch olive-tree blossom cherry-blossom",
    "pine": "pine-tree fir spruce christmas-tree",
    "flower": "flower-bed rose tulip daisy lily orchid blossom wildflower",
    "plant": "houseplant fern herb succulent basil seedling pot-plant potted-plant",
    "cactus": "cacti",
    "leaf": "leaves foliage",
    "mountain": "peak summit hill volcano cliff alp",
    "star": "constellation milky-way",
    "sun": "sunrise sunset sunshine",
    "cat": "kitten",
    "dog": "puppy retriever terrier",
    "bird": "parrot sparrow pigeon owl robin seagull hen chicken-coop",
    "fish": "salmon trout aquarium goldfish",
    "horse": "pony mare",
    "rabbit": "bunny hare",
    "duck": "duckling goose swan",
    "cow": "cattle goat sheep",
    "turtle": "tortoise",
    "cup": "mug coffee tea latte cappuccino espresso matcha cocoa teapot",
    "glass": "juice lemonade cocktail smoothie drink soda water-glass",
    "wine": "champagne",
    "bottle": "beer oil",
    "bowl": "cereal porridge oatmeal stew curry rice kimchi",
    "soup": "broth chowder",
    "noodles": "noodle ramen pasta spaghetti pho lasagna",
    "plate": "dish dinner lunch meal breakfast steak chicken dumpling taco barbecue tapas kebab",
    "cake": "cupcake birthday muffin pastry dessert brownie",
    "bread": "loaf sourdough baguette toast sandwich croissant bagel dough",
    "pie": "tart quiche",
    "burger": "hamburger cheeseburger",
    "sushi": "sashimi",
    "berries": "strawberry strawberries blueberry raspberry berry",
    "vegetables": "vegetable carrot tomato tomatoes pepper harvest produce cabbage pumpkin onion",
    "banana": "plantain",
    "apple": "peach pear mango fruit",
    "orange": "tangerine mandarin",
    "eggs": "egg omelette pan frying-pan pancake",
    "pot": "pan saucepan cooking kettle",
    "jar": "jam honey marmalade pickles pickle",
    "ice cream": "ice-cream gelato sorbet",
    "cookie": "biscuit cracker",
    "book": "novel notebook journal diary textbook recipe sketchbook page",
    "books": "bookshelf bookcase library stack",
    "phone": "smartphone screenshot app text-message playlist notification post",
    "laptop": "computer keyboard code website tablet spreadsheet",
    "television": "tv movie film series monitor",
    "camera": "photograph lens tripod",
    "guitar": "ukulele bass",
    "drum": "drums",
    "violin": "cello viola fiddle",
    "record": "vinyl album turntable",
    "headphones": "earbuds headset",
    "microphone": "karaoke podcast",
    "ball": "football soccer volleyball",
    "racket": "tennis badminton",
    "bicycle": "bike mountain-bike cycling",
    "motorbike": "motorcycle scooter moped",
    "car": "van truck taxi jeep",
    "bus": "tram coach",
    "train": "railway subway metro locomotive",
    "plane": "airplane aeroplane flight aircraft jet",
    "boat": "sailboat ship ferry canoe kayak yacht",
    "house": "cottage cabin barn farmhouse hut villa building",
    "tower": "lighthouse church skyscraper clocktower castle minaret",
    "temple": "monument ruins landmark palace shrine parthenon",
    "tent": "camping campsite",
    "fire": "campfire bonfire fireplace grill",
    "lamp": "lantern",
    "candle": "candlelight",
    "chair": "armchair stool",
    "sofa": "couch",
    "bed": "pillow",
    "clock": "watch alarm",
    "hat": "cap beanie",
    "shoes": "shoe sneaker boot trainer sandal skate",
    "dress": "gown skirt kimono sari",
    "shirt": "t-shirt sweater jacket uniform jersey hoodie coat outfit",
    "bag": "backpack handbag tote purse basket",
    "suitcase": "luggage trunk",
    "map": "route atlas",
    "letter": "envelope postcard invitation ticket card mail",
    "paper": "document certificate diploma report form poster flyer essay worksheet note contract",
    "chart": "graph diagram statistics slide presentation",
    "gift": "present parcel package",
    "painting": "artwork canvas mural portrait sketch drawing watercolour watercolor",
    "brushes": "brush paintbrush pencil crayon palette",
    "vase": "pottery ceramics ceramic jug",
    "yarn": "knitting crochet wool sewing embroidery quilt",
    "trophy": "medal award cup-final prize",
    "controller": "gamepad console",
    "dumbbell": "weights barbell",
    "mat": "yoga pilates",
    "bricks": "lego toy",
    "chess": "chessboard",
    "bench": "swing",
    "keys": "key",
    "people": "friends crowd group team audience colleagues neighbours neighbors guests players",
    "person": "man woman someone teacher guide chef barista gardener musician runner player artist speaker",
    "ferris wheel": "ferris-wheel carnival amusement",
    "balloon": "balloons party",
}

PLACES = {
    "beach": "beach sea ocean coast shore seaside sand surf island bay waves",
    "lake": "lake river pond waterfall canal harbour harbor stream fishing water",
    "forest": "forest woods woodland jungle trail hiking pine bamboo",
    "mountains": "mountain mountains valley alps summit hike ski canyon peak",
    "street": "street city town downtown road market avenue square skyline traffic neighbourhood festival marathon",
    "desert": "desert dune dunes pyramid savanna",
    "snow": "snow winter snowy snowman ski frost",
    "garden": "garden park meadow field lawn orchard farm greenhouse picnic campus countryside yard backyard",
    "kitchen": "kitchen stove oven baking cooking counter recipe",
    "cafe": "café cafe restaurant bakery bistro diner bar coffeehouse",
    "study": "library bookshop bookstore study bookshelf",
    "classroom": "classroom school university lecture office meeting laboratory lab whiteboard hospital clinic",
    "stage": "stage concert theatre theater nightclub show gig performance karaoke rehearsal",
    "gym": "gym court stadium arena training pitch match pool",
    "gallery": "museum gallery exhibition exhibit art",
    "station": "airport station platform terminal",
    "screen": "screenshot chat website app playlist post feed message",
    "room": "room living bedroom home sofa couch bed apartment window balcony hallway studio workshop",
    "table": "table desk close-up closeup tray",
}

LIGHTS = {
    "night": "night evening midnight moon moonlit stars starry neon dark",
    "sunset": "sunset sunrise dusk dawn golden-hour twilight",
    "rain": "rain rainy storm umbrella wet cloudy overcast fog foggy",
    "snow": "snow snowy winter frost blizzard",
}


def table_of(spoken: dict[str, str]) -> dict[str, str]:
    """Each word, and what it stands for; the first entry wins."""
    found: dict[str, str] = {}
    for name, words in spoken.items():
        for word in words.split():
            found.setdefault(word, name)
            found.setdefault(word.replace("-", " "), name)
    return found


THING_OF = {**table_of(SYNONYMS), **{name: name for name in THINGS}}
PLACE_OF = table_of(PLACES)
LIGHT_OF = table_of(LIGHTS)


@dataclass(frozen=True)
class Named:
    """A thing that a description names."""

    name: str
    tint: Colour | None  # if it names a colour, too
    several: bool


@dataclass(frozen=True)
class Scene:
    """What a description names."""

    things: tuple[Named, ...]
    place: str | None
    light: str  # "day" if none is named


def scene_of(description: str) -> Scene:
    """What the words name, in their order; four things at most."""
    tokens = re.findall(r"[a-zà-ÿ]+(?:-[a-zà-ÿ]+)*", description[:READ].lower())
    things: dict[str, Named] = {}
    read_to = 0
    for position, token in enumerate(tokens):
        if token in CLOTH and thing_named(" ".join(tokens[position + 1 : position + 2]))[0]:
            continue  # an orange cat is no fruit
        for words in (" ".join(tokens[position : position + 2]), token) if position >= read_to else ():
            name, several = thing_named(words)
            if name and not holds_another(tokens, position, name):
                things.setdefault(name, Named(name, tint_before(tokens, position), several))
                read_to = position + 1 + (words != token)
                break
    places = [PLACE_OF[token] for token in tokens if token in PLACE_OF]
    lights = [LIGHT_OF[token] for token in tokens if token in LIGHT_OF]
    places.sort(key=GENERIC.__contains__)
    return Scene(tuple(things.values())[:MOST], places[0] if places else None, lights[0] if lights else "day")


def holds_another(tokens: list[str], position: int, name: str) -> bool:
    """Whether it is but the vessel of what is named next: a glass of wine, a stack of novels."""
    following = tokens[position + 1 : position + 5]
    return (
        name in VESSELS
        and following[:1] == ["of"]
        and any(thing_named(word)[0] not in (None, name) for word in following[1:])
    )


def thing_named(words: str) -> tuple[str | None, bool]:
    """The thing, and whether the word is a plural."""
    if words in THING_OF:
        return THING_OF[words], False
    for ending, stem in (("ies", "y"), ("es", ""), ("s", "")):
        single = words.removesuffix(ending) + stem
        if words.endswith(ending) and single in THING_OF:
            return THING_OF[single], True
    return None, False


def tint_before(tokens: list[str], position: int) -> Colour | None:
    """A colour among the two words before a thing."""
    for token in reversed(tokens[max(0, position - 2) : position]):
        if token in CLOTH:
            return CLOTH[token]
    return None
