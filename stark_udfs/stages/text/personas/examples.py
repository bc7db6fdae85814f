"""Example persona sentences for the prompt, written for this project; the value stands in [brackets]."""

import random
import re
from dataclasses import dataclass

from stark_udfs.stages.text.personas.categories import category_of

MARKED = re.compile(r"\[(.+?)\]")


@dataclass(frozen=True)
class Examples:
    """Sentences of one category, each with its value."""

    path: str
    key: str
    sentences: tuple[tuple[str, str], ...]


def examples_for(rng: random.Random, count: int, *, but: str, age: int) -> Examples:
    """`count` sentences (or as many as there are) of one drawn category that fits the age and is not `but`."""
    fitting = [(path, key) for path, key in sorted(EXAMPLES) if path != but and category_of(path, key).min_age <= age]
    path, key = rng.choice(fitting)
    marked = EXAMPLES[path, key]
    chosen = rng.sample(marked, min(count, len(marked)))
    return Examples(path, key, tuple((MARKED.sub(r"\1", text), MARKED.findall(text)[0]) for text in chosen))


EXAMPLES: dict[tuple[str, str], tuple[str, ...]] = {
    ("Preference > Food", "food"): (
        "On market days I eat [grilled sardines] standing up, straight from the paper.",
        "My grandmother's [pumpkin kibbeh] is the one dish I have never managed to copy.",
        "I carry a jar of [lime pickle] to work because the canteen is so bland.",
        "After night shifts nothing wakes me up like a bowl of [beef pho].",
        "We argue every winter about who gets the crust of the [potato gratin].",
        "I gave up meat six years ago, yet I still dream of [smoked ham].",
        "For birthdays I insist on [tres leches cake], candles or not.",
        "I taught my roommate to fold [pierogi] and now she does it faster than I do.",
    ),
    ("Preference > Drink", "drink"): (
        "I start the day with [black coffee] on the back step before anyone else is up.",
        "My sisters and I share a pot of [mint tea] whenever there is news.",
        "In August I live on [watermelon juice] from the stall by the bus stop.",
        "I order [ginger beer] at parties and nobody notices that I don't drink.",
        "The only thing I bring back from home is a tin of [roasted barley tea].",
        "I warm a cup of [oat milk] with nutmeg when I cannot sleep.",
        "After choir practice we all go for [hot chocolate], even in spring.",
        "I keep a [sourdough kvass] going in a jar under the sink.",
    ),
    ("Preference > Animal", "animal"): (
        "I can spend an hour on the pier watching [pelicans] miss their fish.",
        "I volunteered one summer counting [hedgehogs] along the railway line.",
        "My desk is full of little wooden [owls] that friends bring me.",
        "I stop the car for [tortoises] and carry them across the road.",
        "As a child I was sure that [octopuses] could read my mind.",
        "I donate a little each month to people who protect [snow leopards].",
        "The [crows] in our yard know me by now because I feed them walnuts.",
        "I go quiet and happy whenever I see [horses] in a field.",
    ),
    ("Possession > Animal", "animal"): (
        "I keep a one-eyed [cat] that my neighbor left behind when he moved.",
        "My [parrot] repeats my phone's ringtone until I answer nobody.",
        "I share the flat with two [guinea pigs] and a great deal of hay.",
        "Our old [greyhound] sleeps on my coat and nowhere else.",
        "I talk to my [goldfish] while the kettle boils.",
        "My [gecko] hides behind the bookshelf every time it thunders.",
        "I raise [quails] on the balcony and give the eggs to my aunt.",
        "I walk my [dachshund] twice around the lake before breakfast.",
    ),
    ("Preference > Season", "season"): (
        "I repaint the garden chairs every [spring], whether they need it or not.",
        "I plan my leave around [autumn], when the beech woods turn.",
        "The [monsoon] makes me want to cook lentils and call my brother.",
        "I like [winter] best for the hour when the lake is empty and blue.",
        "In [summer] I move my bed to the roof and count satellites.",
        "I wait all year for the [dry season], because the river path opens then.",
        "Every [harvest season] I take the train back to help my uncle.",
        "I took up skating so that [winter] would stop feeling endless.",
    ),
    ("Preference > Sport", "sport"): (
        "I play [table tennis] in the church hall on Thursdays and lose with grace.",
        "I learned [archery] from a retired postman who never misses.",
        "My daughter and I follow [biathlon] with a scoreboard on the fridge.",
        "I gave my knees to [handball] and I would do it again.",
        "I row with a [dragon boat] crew made up of bakers and nurses.",
        "Since the new pool opened I swim with the [water polo] beginners.",
        "I referee youth [basketball] because somebody has to be shouted at.",
        "I get up at four to watch [cricket] from the other side of the world.",
    ),
    ("Preference > Hobby", "hobby"): (
        "I do [bookbinding] at the kitchen table once the dishes are dry.",
        "My weekends go to [birdwatching] with a thermos and bad binoculars.",
        "I got into [soap making] after a failed batch became a joke present.",
        "I started [astronomy] when the street lamp outside broke and nobody fixed it.",
        "I unwind with [crossword puzzles] on the tram, in pen.",
        "My brother and I do [metal detecting] on empty beaches in November.",
        "I restore old radios, and [electronics repair] has taken over the spare room.",
        "I joined a [calligraphy] circle to have a reason to leave the house.",
    ),
    ("Preference > Color", "color"): (
        "I painted my front door [mustard yellow] and the postman approves.",
        "Half of my wardrobe is [navy blue], which makes mornings easy.",
        "I mix my own [sea green] because the shop never has the right one.",
        "I wrote all my exam notes in [violet] ink for luck.",
        "My bicycle is [tangerine] so that I can find it at the station.",
        "I knit everything in [charcoal grey], to my mother's despair.",
        "The walls of my room are [pale pink] and I defend them fiercely.",
        "I buy [turquoise] beads wherever I travel.",
    ),
    ("Preference > Music Genre", "music genre"): (
        "I clean the windows to [ska] and the whole street hears it.",
        "I fell for [fado] in a bar where nobody was allowed to speak.",
        "My running list is nothing but [drum and bass].",
        "I sing [barbershop] with three colleagues from accounting.",
        "On long drives I let my son choose, so it is [hip-hop] for five hours.",
        "I learned English from [country music] and it shows.",
        "I write letters with [baroque music] on low volume.",
        "I never miss the [gamelan] evening at the community center.",
    ),
    ("Preference > Music Instrument", "music instrument"): (
        "I took up the [cello] at forty and apologize to my neighbors weekly.",
        "I keep a [harmonica] in the glove box for traffic jams.",
        "My father's [accordion] hangs in the hall and I play it at New Year.",
        "I practice the [tabla] on the kitchen counter without noticing.",
        "I love the sound of a [church organ] when the building is empty.",
        "I traded my old phone for a [ukulele] and never looked back.",
        "Twice a week I carry my [trombone] up four flights of stairs.",
        "I play the [koto] only when my teacher is visiting.",
    ),
    ("Preference > Movie Genre", "movie genre"): (
        "I watch [heist films] with a notebook and spot the flaw in every plan.",
        "Rainy Sundays at our place belong to [musicals].",
        "I can only see [horror films] with the lights on and my sister beside me.",
        "I collect posters of old [westerns] from flea markets.",
        "I cry at every [sports drama], even when I know the score.",
        "My friends and I rank [disaster movies] by how silly the science is.",
        "I fall asleep to [nature documentaries] narrated in languages I don't know.",
        "I got hooked on [samurai films] through a box my uncle gave away.",
    ),
    ("Preference > Book Genre", "book genre"): (
        "I borrow [historical novels] by the bagful before each holiday.",
        "I read [detective fiction] backwards when I cannot bear the tension.",
        "My bedside table holds [travel writing] and dust, mostly.",
        "I trade [graphic novels] with the boy who lives downstairs.",
        "I listen to [popular science] while I iron.",
        "I read [poetry] on the bus because one stop is one poem.",
        "At school I hid [fantasy] behind my geography book.",
        "I discuss [biographies] with my father over the phone every Friday.",
    ),
    ("Preference > Game", "game"): (
        "I lose at [backgammon] to the barber while he cuts someone else's hair.",
        "I have played the same [chess] game by post with a cousin since March.",
        "My grandchildren beat me at [dominoes] and keep the tally on the wall.",
        "I built a whole harbor in [Minecraft] during one long flu.",
        "Every Friday we push the tables together for [mahjong].",
        "I play [hide-and-seek] with my little brother in the laundry room.",
        "I bring [Carcassonne] on camping trips and dry the tiles by the fire.",
        "I solve one [sudoku] before I let myself look at messages.",
    ),
    ("Preference > Fashion", "fashion"): (
        "I wear [linen shirts] until the elbows give out and then I patch them.",
        "I sew my own [wide-leg trousers] from curtain fabric.",
        "I have a [silver ring] from every city I have worked in.",
        "My trademark is a [flat cap] that once belonged to a tram driver.",
        "I buy [second-hand denim] only, and I know every shop in town.",
        "I put on [bright sneakers] for meetings that promise to be dull.",
        "For weddings I wear my mother's [silk shawl], folded twice.",
        "I match my [headscarf] to the weather forecast.",
    ),
    ("Preference > Social Media", "social media"): (
        "I post one photo of my breakfast on [Instagram] every Monday and nothing else.",
        "I follow gardeners on [YouTube] to find out what I did wrong.",
        "I use [LinkedIn] only to congratulate people I barely know.",
        "My cousins and I share bus stop sketches on [Tumblr].",
        "I keep a quiet account on [Mastodon] for cloud pictures.",
        "I learned to bake bread from a neighborhood group on [Facebook].",
        "I post my pottery on [Pinterest] and ignore the likes.",
        "I answer questions about old cameras on [Reddit] late at night.",
    ),
    ("Preference > Health & Fitness", "health & fitness"): (
        "I do [tai chi] in the park before the dogs arrive.",
        "I track nothing, I just take [long walks] until my head is clear.",
        "I swear by [cold showers], at least from May to September.",
        "My physiotherapist got me into [pilates] and I stayed for the company.",
        "I cycle to work and call it [interval training] when I am late.",
        "I do [stretching exercises] while the rice cooks.",
        "I end the evening with ten minutes of [breathing exercises] on the balcony.",
        "I joined a [rowing machine] challenge at the office and regret nothing.",
    ),
    ("Preference > Technology", "technology"): (
        "I print spare parts for my neighbors on my [3D printer].",
        "I built a [weather station] on the roof and check it more than my mail.",
        "I read on an [e-reader] because my shelves gave up.",
        "I repair [mechanical watches] with tools from my grandfather.",
        "I fly a [camera drone] over the vineyards when the wind allows.",
        "I run an old laptop on [Linux] and am far too proud of it.",
        "I follow every test of [electric ferries] along our coast.",
        "My best buy was a pair of [noise-cancelling headphones] for the train.",
    ),
    ("Preference > Art & Design", "art & design"): (
        "I draw [architectural sketches] of houses I will never live in.",
        "I save for one piece of [studio pottery] a year.",
        "I go to every show of [street photography] within cycling distance.",
        "I make [linocut prints] for people's birthdays instead of cards.",
        "I photograph [art deco] staircases on my way to appointments.",
        "I fold [origami] cranes out of receipts when I wait.",
        "I learned [mosaic] from a tiler who hated straight lines.",
        "I can talk about [poster design] until my friends change the subject.",
    ),
    ("Preference > Travel", "travel"): (
        "I cross borders by [night train] whenever there is one.",
        "I spent three weeks on a [walking tour] along the coast with one bag.",
        "Every other year I go back to [Lisbon] to see which tram still runs.",
        "I like [island hopping] with no plan beyond the first ferry.",
        "I went to [Samarkand] because of a stamp I had as a child.",
        "My idea of luxury is a [cycling holiday] with dry socks.",
        "I save miles for [Patagonia], and the jar is half full.",
        "I take my mother on a [river cruise] each autumn and lose to her at cards.",
    ),
    ("Preference > Science", "science"): (
        "I read about [plate tectonics] since an earthquake moved our bookcase.",
        "I count moths for a project on [entomology] with a lamp and a sheet.",
        "I subscribe to one magazine, and it is about [astrophysics].",
        "I keep a fern collection because [botany] was my first love at school.",
        "I explain [game theory] to my children with the last slice of cake.",
        "I follow the news on [marine biology] and send it all to my sister.",
        "I grow crystals on the windowsill to make [chemistry] less scary for my pupils.",
        "I fell into [linguistics] through an argument about a single vowel.",
    ),
    ("Preference > Place", "place"): (
        "I do my best thinking in [railway cafés], next to strangers' luggage.",
        "I know every bench in the [botanical garden] and which one stays dry.",
        "I meet friends at the [night market] because nobody there is in a hurry.",
        "I hide in the [public library] when the house is full.",
        "I like [empty stadiums] on weekday mornings.",
        "My favorite hour is at the [harbor] when the boats come in.",
        "I could live in a [second-hand bookshop] if they let me.",
        "I eat my lunch in the old [cemetery], under the chestnut trees.",
    ),
    ("Preference > Location", "location"): (
        "I would go back to [Kyoto] just for the sound of its side streets.",
        "I have a map of the [Scottish Highlands] above my desk with the walks marked in red.",
        "I got engaged in [Valparaíso] on a staircase painted like a piano.",
        "I dream of a small house in [Brittany] with a crooked roof.",
        "I send postcards from [Oaxaca] to people who never write back.",
        "I feel at home in [Tbilisi] although I have been there twice.",
        "My friends tease me because every story of mine starts in [Cape Town].",
        "I spent one silent winter on the [Faroe Islands] and loved it.",
    ),
    ("Employment > Profession", "profession"): (
        "I have been a [tram driver] long enough to know everyone's stop.",
        "I work as a [dental technician] and judge every smile on television.",
        "I am a [beekeeper] in summer and do the accounts in winter.",
        "I became a [court interpreter] because my parents never agreed on a language.",
        "I worked as a [lighthouse keeper] until they automated the lamp.",
        "I run a tiny shop as a [shoemaker] between two phone stores.",
        "I am a [school nurse] and my drawer is full of plasters with dinosaurs.",
        "I trained as a [piano tuner] after hearing one curse in our hallway.",
    ),
    ("Possession > Vehicle", "vehicle"): (
        "I still drive my late father's [delivery van], dents and all.",
        "I load three children and a cello onto my [cargo bike].",
        "My [moped] starts on the fifth kick and not before.",
        "I keep a [rowing boat] at my cousin's jetty and paint it each May.",
        "I bought an [electric scooter] to avoid the hill and now I miss the hill.",
        "My [camper van] has been to more countries than my passport admits.",
        "I share a [pickup truck] with two neighbors and a strict calendar.",
        "I polish my [motorcycle] on Sundays more often than I ride it.",
    ),
}
