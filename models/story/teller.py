"""Turns templates into sentences that agree with the world of one story.

A template is plain English with two marks: `[one|another]` picks an alternative (they nest), `{slot}` is
filled from the cast of the story. A slot written with a capital letter starts a sentence.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from . import lexicon
from .lexicon import Place, Species, Thing

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{([A-Za-z_]+[0-9]?)(?:\.([A-Za-z_]+))?\}")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiou])")
_START = re.compile(r"((?:^|[.!?] )\"?)([a-z])")
_QUOTE = re.compile(r"((?:^|[ ,])\")([a-z])")

PRONOUNS = {"he": ("he", "him", "his", "himself"), "she": ("she", "her", "her", "herself")}


@dataclass
class Actor:
    """Someone with a name, a species and pronouns; slot(None) is the name or "the fox"."""

    name: str
    species: Species
    sex: str
    trait: str
    rng: random.Random
    noun_share: float = 0.25

    def slot(self, part: str | None) -> str:
        he, him, his, himself = PRONOUNS[self.sex]
        if part is None:
            noun = self.rng.random() < self.noun_share
            return f"the {self.rng.choice(('', 'little ', ''))}{self.species.noun}" if noun else self.name
        return {"n": self.name, "he": he, "him": him, "his": his, "self": himself, "kind": self.species.noun,
                "move": self.species.move, "home": self.species.home, "food": self.species.food,
                "trait": self.trait, "habit": self.rng.choice(lexicon.TRAITS[self.trait])}[part]


@dataclass
class Elder:
    """A helper without a name: "the old owl"."""

    helper: lexicon.Helper

    def slot(self, part: str | None) -> str:
        he, him, his, himself = PRONOUNS["she" if self.helper.she else "he"]
        title = self.helper.title
        return {None: f"the {title}", "a": f"a {title}", "t": title, "he": he, "him": him, "his": his}[part]


@dataclass
class Item:
    """A thing with its adjective; knows its number, so `{o.was}` agrees."""

    thing: Thing
    adjective: str
    rng: random.Random
    short_share: float = 0.3

    def slot(self, part: str | None) -> str:
        full, plural = f"{self.adjective} {self.thing.noun}", self.thing.plural
        short = self.thing.noun if self.rng.random() < self.short_share else full
        return {None: short, "n": self.thing.noun, "use": self.thing.use, "adj": self.adjective,
                "a": f"some {full}" if plural else f"a {full}",
                "it": "them" if plural else "it", "they": "they" if plural else "it",
                "was": "were" if plural else "was", "is": "are" if plural else "is",
                "has": "have" if plural else "has", "this": "these" if plural else "this",
                "s": "" if plural else "s"}[part]


@dataclass
class Spot:
    """A place of the story."""

    place: Place
    rng: random.Random
    hide: str = ""

    def __post_init__(self) -> None:
        self.hide = self.hide or self.rng.choice(self.place.spots)

    def slot(self, part: str | None) -> str:
        place = self.place
        return {None: f"the {place.noun}", "n": place.noun, "at": f"{place.at} the {place.noun}",
                "hide": self.hide, "sight": self.rng.choice(place.sights)}[part]


@dataclass
class Teller:
    """Collects the sentences of one story."""

    rng: random.Random
    cast: dict[str, Actor | Elder | Item | Spot | str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def say(self, *templates: str, chance: float = 1.0) -> None:
        """Adds one of the templates, or nothing with probability 1 - chance."""
        if self.rng.random() < chance:
            self.lines.append(self.fill(self.rng.choice(templates)))

    def fill(self, template: str) -> str:
        while match := _CHOICE.search(template):
            option = self.rng.choice(match.group(1).split("|"))
            template = template[:match.start()] + option + template[match.end():]
        text = re.sub(r" +", " ", _SLOT.sub(self._slot, template)).strip().replace(" ,", ",").replace(" .", ".")
        text = _ARTICLE.sub(r"\1n ", text)
        text = _START.sub(lambda m: m.group(1) + m.group(2).upper(), text)
        return _QUOTE.sub(lambda m: m.group(1) + m.group(2).upper(), text)

    def _slot(self, match: re.Match[str]) -> str:
        key, part = match.group(1), match.group(2)
        actor = self.cast[key.lower()]
        part_low = part.lower() if part else None
        text = actor if isinstance(actor, str) else actor.slot(part_low)
        capital = key[0].isupper() or (part is not None and part[0].isupper())
        return text[0].upper() + text[1:] if capital else text

    def text(self) -> str:
        return " ".join(self.lines)
