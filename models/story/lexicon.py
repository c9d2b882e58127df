"""The words of the stories: who can appear, what they own, where they go.

Every entry carries what a later sentence has to agree with (a pronoun, a plural, the hiding places of a
place), so that agreement is a fact of the world and not a choice of the template.
"""

from __future__ import annotations

from typing import NamedTuple

HE_NAMES = ("Tom Ben Max Sam Leo Finn Oscar Hugo Otto Jack Noah Felix Theo Milo Toby Arlo "
            "Bruno Ned Percy Gus Rufus Basil Jasper Emil").split()
SHE_NAMES = ("Mia Lily Anna Rosa Ella Nora Ruby Daisy Clara Ivy Molly Hazel Poppy Luna Ada Tilly "
             "Greta Flora Wren Sophie Maya Olive Penny Dora").split()


class Species(NamedTuple):
    """A kind of hero: how it moves, where it sleeps, what it likes to eat."""

    noun: str
    move: str
    home: str
    food: str
    sex: str = "both"


SPECIES = (
    Species("fox", "trotted", "den", "blackberries"),
    Species("rabbit", "hopped", "burrow", "carrots"),
    Species("bear", "stomped", "cave", "honey"),
    Species("mouse", "scurried", "hole", "cheese"),
    Species("hedgehog", "shuffled", "nest", "apples"),
    Species("squirrel", "scampered", "tree house", "nuts"),
    Species("duck", "waddled", "nest", "corn"),
    Species("frog", "jumped", "lily pad", "soup"),
    Species("cat", "padded", "basket", "fish"),
    Species("dog", "bounded", "kennel", "sausages"),
    Species("goat", "skipped", "shed", "clover"),
    Species("pig", "trotted", "pen", "turnips"),
    Species("lamb", "skipped", "barn", "clover"),
    Species("otter", "slid", "den", "fish"),
    Species("badger", "shuffled", "burrow", "mushrooms"),
    Species("mole", "crept", "tunnel", "potatoes"),
    Species("turtle", "walked", "garden", "strawberries"),
    Species("pony", "galloped", "stable", "oats"),
    Species("beaver", "paddled", "lodge", "bark bread"),
    Species("bird", "flew", "nest", "seeds"),
    Species("boy", "ran", "house", "pancakes", "he"),
    Species("girl", "ran", "house", "pancakes", "she"),
)

# A trait, what it looks like, and what the one who has it may say about it at the end.
TRAITS = {
    "kind": ("always had a good word for everyone", "liked to help"),
    "shy": ("did not like to talk to strangers", "often hid behind a bush"),
    "curious": ("wanted to know everything", "asked questions all day long"),
    "brave": ("was not afraid of the dark", "loved to climb high"),
    "proud": ("thought nobody was better", "did not like to ask for help"),
    "lazy": ("liked to sleep until noon", "never did today what could wait"),
    "clever": ("could solve any riddle", "always had an idea"),
    "cheerful": ("sang from morning till night", "laughed at every joke"),
    "grumpy": ("did not like to be woken", "seldom smiled"),
    "greedy": ("always wanted more", "never shared a single crumb"),
    "careful": ("looked twice before every step", "never forgot a coat"),
    "quiet": ("liked to listen to the wind", "spoke very softly"),
    "messy": ("never tidied up", "always had mud on both feet"),
    "gentle": ("never hurt a fly", "spoke softly to the flowers"),
    "impatient": ("hated to wait", "did everything in a hurry"),
    "forgetful": ("forgot things every day", "could never find anything"),
}
FAULTS = ("proud", "lazy", "grumpy", "greedy", "messy", "impatient", "forgetful", "shy")


class Thing(NamedTuple):
    """An object somebody can own. `use` completes "wanted to ..."; `maker` mends or makes it."""

    noun: str
    adjectives: str
    kind: str
    use: str
    plural: bool = False


COLOURS = "red blue green yellow"
THINGS = (
    Thing("kite", COLOURS + " big", "toy", "fly"),
    Thing("ball", COLOURS + " shiny", "toy", "play with"),
    Thing("boat", COLOURS + " wooden", "toy", "sail"),
    Thing("drum", COLOURS + " loud", "music", "play"),
    Thing("flute", "silver wooden long", "music", "play"),
    Thing("bell", "silver golden little", "music", "ring"),
    Thing("whistle", "tin silver " + COLOURS, "music", "blow"),
    Thing("lantern", "old bright little", "tool", "light"),
    Thing("basket", "brown round big", "tool", "carry"),
    Thing("spade", "small old wooden", "tool", "dig with"),
    Thing("key", "golden rusty tiny", "treasure", "keep"),
    Thing("button", "shiny golden round", "treasure", "keep"),
    Thing("shell", "pink white pretty", "treasure", "keep"),
    Thing("stone", "smooth white round", "treasure", "keep"),
    Thing("feather", "white long blue", "treasure", "keep"),
    Thing("ring", "golden silver tiny", "treasure", "wear"),
    Thing("hat", COLOURS + " warm", "cloth", "wear"),
    Thing("scarf", COLOURS + " warm", "cloth", "wear"),
    Thing("coat", COLOURS + " warm", "cloth", "wear"),
    Thing("blanket", "soft warm blue", "cloth", "sleep under"),
    Thing("boots", COLOURS + " new", "cloth", "wear", True),
    Thing("mittens", COLOURS + " warm", "cloth", "wear", True),
    Thing("marbles", "glass shiny blue", "toy", "play with", True),
    Thing("book", "old thick blue", "treasure", "read"),
    Thing("umbrella", COLOURS + " big", "tool", "open"),
    Thing("puppet", "funny old little", "toy", "play with"),
    Thing("sled", COLOURS + " fast", "toy", "ride"),
    Thing("crayons", "new bright", "toy", "draw with", True),
)

FOODS = ("apples", "pears", "cherries", "nuts", "plums", "cookies", "buns", "berries", "pancakes", "carrots")
FLOWERS = ("sunflower", "rose", "pumpkin", "apple tree", "bean", "tulip", "strawberry plant")


class Place(NamedTuple):
    """Somewhere to go: "the river", "by the river", two hiding spots and something to notice there."""

    noun: str
    at: str
    spots: tuple[str, str]
    sights: tuple[str, str]


PLACES = (
    Place("river", "by", ("behind a wet rock", "between the reeds"),
          ("the water sang over the stones", "small fish jumped in the water")),
    Place("forest", "in", ("under a big fern", "behind an old oak"),
          ("the trees whispered", "the light was green and soft")),
    Place("hill", "on", ("under a thorn bush", "in the tall grass"),
          ("one could see the whole valley", "the grass bent in the wind")),
    Place("meadow", "in", ("among the daisies", "under a dandelion"),
          ("bees hummed in the flowers", "the flowers smelled sweet")),
    Place("pond", "by", ("under a lily leaf", "between the reeds"),
          ("dragonflies danced over the water", "the frogs sang")),
    Place("barn", "in", ("under the hay", "behind a milk can"),
          ("the hay smelled of summer", "swallows flew in and out")),
    Place("mill", "at", ("behind a sack of flour", "under the wheel"),
          ("the big wheel went round and round", "everything was white with flour")),
    Place("beach", "on", ("under a heap of seaweed", "behind a sand castle"),
          ("the waves rolled in", "gulls cried in the sky")),
    Place("garden", "in", ("between the cabbages", "under the bench"),
          ("the roses were in bloom", "a fat snail sat on a leaf")),
    Place("village", "in", ("behind the well", "under a market cart"),
          ("people bought bread and fish", "the church clock struck ten")),
    Place("bridge", "on", ("between two planks", "behind a post"),
          ("the old wood creaked", "the river rushed below")),
    Place("cave", "in", ("behind a pointed stone", "in a dark corner"),
          ("water dripped from the roof", "every word came back as an echo")),
    Place("orchard", "in", ("under an apple tree", "behind a ladder"),
          ("the branches were heavy with fruit", "wasps buzzed around the plums")),
    Place("castle", "at", ("under the stairs", "behind a broken wall"),
          ("ivy grew over the towers", "an old flag moved in the wind")),
    Place("island", "on", ("under a palm leaf", "behind a driftwood log"),
          ("crabs ran over the sand", "the sea was all around")),
    Place("field", "in", ("behind a scarecrow", "between the rows of wheat"),
          ("the wheat was tall and golden", "a lark sang high above")),
)


class Helper(NamedTuple):
    """Somebody older who lives at one place and always lives there."""

    title: str
    she: bool
    place: str


HELPERS = (
    Helper("old owl", False, "forest"), Helper("wise toad", False, "pond"), Helper("fat goose", True, "pond"),
    Helper("miller", False, "mill"), Helper("fisherman", False, "beach"), Helper("farmer", False, "field"),
    Helper("baker", True, "village"), Helper("tailor", False, "village"), Helper("grey donkey", False, "barn"),
    Helper("old crow", True, "hill"), Helper("black bat", False, "cave"), Helper("gardener", True, "garden"),
    Helper("heron", False, "river"), Helper("red hen", True, "barn"), Helper("big cow", True, "meadow"),
    Helper("old knight", False, "castle"), Helper("green parrot", True, "island"),
    Helper("beekeeper", True, "orchard"), Helper("grandmother", True, "village"),
    Helper("stork", True, "meadow"), Helper("ferryman", False, "bridge"),
)

# Weather: how it is told, what one notices on the way, what it does to loose things, how it ends.
WEATHER = {
    "sunny": ("the sun was shining", "the path was steep and stony", "a shiny magpie", "the sun went down, big and orange"),
    "rainy": ("it was raining", "the path was full of puddles", "the running water", "the rain stopped and a rainbow stood in the sky"),
    "windy": ("the wind was blowing", "leaves flew across the path", "a strong gust of wind", "the wind lay down to sleep"),
    "snowy": ("snow was falling", "the path was white and slippery", "a heap of falling snow", "the last snowflakes fell and the stars came out"),
    "foggy": ("there was a thick fog", "one could not see far along the path", "somebody in the fog", "the fog lifted and the moon came out"),
}
CREATURES = ("butterfly", "snail", "beetle", "ladybird", "spider", "caterpillar", "ant", "worm", "bee", "moth")
RIDDLES = (
    ("what has hands but cannot clap", "a clock"), ("what has teeth but cannot bite", "a comb"),
    ("what is full of holes and still holds water", "a sponge"), ("what runs all day and never gets tired", "a river"),
    ("what has one eye but cannot see", "a needle"), ("what has a neck but no head", "a bottle"),
    ("what grows shorter when it gets older", "a candle"), ("what has leaves but is not a tree", "a book"),
)
