"""Casts one story: people, things, places, plot and interludes, and the keys the split is made by."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass

from . import lexicon, plots, scenes
from .lexicon import Species
from .teller import Actor, Elder, Item, Spot, Teller

HELD_OUT_PERCENT = 8
_SEXES = {"he": lexicon.HE_NAMES, "she": lexicon.SHE_NAMES}


def held_out(*key: str) -> bool:
    """True for the combinations training never sees; a checksum, so it does not depend on a seed."""
    return zlib.crc32("/".join(key).encode()) % 100 < HELD_OUT_PERCENT


@dataclass
class Story:
    """One story with the combinations it contains."""

    text: str
    held_out_keys: tuple[str, ...]


def _actor(rng: random.Random, avoid: tuple[Actor, ...] = ()) -> Actor:
    species: Species = rng.choice([s for s in lexicon.SPECIES if all(a.species is not s for a in avoid)])
    sex = rng.choice(("he", "she")) if species.sex == "both" else species.sex
    name = rng.choice([n for n in _SEXES[sex] if all(a.name != n for a in avoid)])
    trait = rng.choice([t for t in lexicon.TRAITS if all(a.trait != t for a in avoid)])
    return Actor(name, species, sex, trait, rng)


def _item(rng: random.Random, kinds: str = "", taken: tuple[Item, ...] = ()) -> Item:
    pool = [t for t in lexicon.THINGS if (not kinds or t.kind in kinds) and all(i.thing is not t for i in taken)]
    thing = rng.choice(pool)
    return Item(thing, rng.choice(thing.adjectives.split()), rng)


def _places(rng: random.Random, elder: Elder) -> tuple[Spot, Spot, Spot, Spot]:
    """Home, the elder's place and two more, all different."""
    others = [p for p in lexicon.PLACES if p.noun != elder.helper.place]
    home, first, second = rng.sample(others, 3)
    own = next(p for p in lexicon.PLACES if p.noun == elder.helper.place)
    return Spot(home, rng), Spot(own, rng), Spot(first, rng), Spot(second, rng)


def tell(rng: random.Random) -> Story:
    """Draws a world and tells its story."""
    hero = _actor(rng)
    companion = _actor(rng, (hero,))
    elder = Elder(rng.choice(lexicon.HELPERS))
    home, elder_place, first, second = _places(rng, elder)
    things = [_item(rng)]
    for _ in range(2):
        things.append(_item(rng, taken=tuple(things)))
    weather = rng.choice(list(lexicon.WEATHER))
    sky, path, thief, clear = lexicon.WEATHER[weather]
    plot = rng.choice(list(plots.PLOTS))
    interludes = rng.sample(list(scenes.INTERLUDES), rng.choice((0, 1, 1, 2)))
    gift_food = rng.choice(lexicon.FOODS)
    teller = Teller(rng, {
        "h": hero, "f": companion, "e": elder, "home": home, "ep": elder_place, "p": first, "q": second,
        "o": things[0], "x": things[1], "y": things[2], "sky": sky, "path": path, "thief": thief, "clear": clear,
        "cloth": _item(rng, "cloth"), "lamp": Item(lexicon.THINGS[7], rng.choice(("old", "bright", "little")), rng),
        "interludes": ",".join(interludes), "place": "", "q_food": gift_food})
    scenes.opening(teller)
    plots.PLOTS[plot](teller)
    if plot in ("lost", "newcomer") and rng.random() < 0.3:
        scenes.next_day(teller)
    scenes.ending(teller)
    keys = [("name", hero.name, hero.species.noun), ("name", companion.name, companion.species.noun),
            ("thing", things[0].adjective, things[0].thing.noun, first.place.noun),
            ("order", plot, *interludes)]
    return Story(teller.text(), tuple("/".join(k) for k in keys if held_out(*k)))


def split(seed: int, stories: int, held: bool) -> list[str]:
    """`stories` texts that contain no held-out combination, or (held) at least one each."""
    rng = random.Random(f"{seed}/{held}")
    texts: list[str] = []
    while len(texts) < stories:
        story = tell(rng)
        if bool(story.held_out_keys) == held:
            texts.append(story.text)
    return texts
