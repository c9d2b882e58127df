"""Scenes every plot can use: beginnings, walks, small meetings and endings.

A scene reads the cast and adds sentences; what it says about owner, place and weather is true in the
world of the story, because the reader (a small language model) is meant to learn that it always is.
"""

from __future__ import annotations

from . import lexicon
from .teller import Spot, Teller

_OPENINGS = (
    "once upon a time, there was a {h.trait} {h.kind} [named|called] {h.n}.",
    "once upon a time, there was a little {h.kind} whose name was {h.n}. {h.He} was very {h.trait}.",
    "once upon a time, a {h.trait} little {h.kind} [named|called] {h.n} lived near {home}.",
    "long ago, a {h.trait} {h.kind} lived in a small {h.home} near {home}. {h.His} name was {h.n}.",
    "there once was a {h.kind} who was very {h.trait}. {h.His} name was {h.n}.",
    "{h.n} was a {h.trait} little {h.kind}. {h.He} lived near {home}.",
    "in a small {h.home} near {home} lived a {h.trait} {h.kind} [named|called] {h.n}.",
    "the little {h.kind} was called {h.n}. Everyone said that {h.he} was {h.trait}.",
    "the {h.trait} little {h.kind} near {home} was called {h.n}.",
    "one day, a little {h.kind} named {h.n} [woke up early|came out of {h.his} {h.home}]. {h.He} was {h.trait}.",
    "{home.at}, there lived a {h.trait} {h.kind} with the name {h.n}.",
    "do you know {h.n}? {h.n} was a {h.trait} {h.kind} from {home}.",
)
_WEATHER = (
    "one [morning|day|afternoon], {sky}[| and {h} went out].",
    "it was [a Monday|a Tuesday|a Friday|a Sunday] and {sky}.",
    "that day, {sky}.", "{sky} when {h} opened {h.his} eyes.", "it was [spring|autumn|a quiet Sunday], and {sky}.",
    "when {h} looked out of {h.his} {h.home}, {sky}.",
)


def opening(t: Teller) -> None:
    """Names the hero, one habit and the weather of the day."""
    t.say(*_OPENINGS)
    t.say("{h.He} {h.habit}.", "{h} {h.habit}.", "{h.He} {h.habit}, and {h.he} loved {h.food}.",
          "{h.He} loved {h.food} [more than anything|very much].", chance=0.75)
    t.say(*_WEATHER, chance=0.85)


def owns(t: Teller, who: str = "h", what: str = "o") -> None:
    """Says who has the object, and from whom."""
    giver = t.rng.choice(("grandmother", "grandfather", "mother", "father", "aunt", "uncle"))
    t.cast["giver"] = giver
    t.say(*(s.replace("W", who).replace("O", what) for s in (
        "{W} had {O.a}. {O.They} {O.was} a gift from {W.his} {giver}.",
        "{W.His} {giver} had given {W.him} {O.a}.",
        "{W} had {O.a}, and {W.he} loved to {O.use} {O.it}.",
        "of all the things in the world, {W} loved {W.his} {O} the most. {W.His} {giver} had made {O.it} for {W.him}.",
        "{W} was very happy, because {W.he} had {O.a} from {W.his} {giver}.")))


def friend(t: Teller) -> None:
    """Introduces the friend by name and species."""
    t.say("{h.His} best friend was {f.n}, a {f.trait} {f.kind}.",
          "{h} had a friend, a {f.trait} {f.kind} [named|called] {f.n}.",
          "{h} often played with {f.n} the {f.kind}. {f.He} {f.habit}.",
          "{h} liked nobody so much as {f.n}, a {f.trait} {f.kind}.", "not far away lived {f.n}, a {f.kind}. {f.He} {f.habit}.",
          "next door lived {f.n}, a {f.kind} who {f.habit}.",
          "{h} and {f.n} the {f.kind} were [good|best|old] friends.")


def walk(t: Teller, to: str, who: str = "h") -> None:
    """Moves somebody; the weather and the place are noticed on the way."""
    t.say(*(s.replace("W", who).replace("P", to) for s in (
        "{W} {W.move} to {P}.", "so {W} {W.move} to {P}.", "then {W.he} {W.move} all the way to {P}.",
        "{W} [went|set off] to {P}, where {P.sight}.", "so {W.he} [went|{W.move}] to {P}.",
        "{W} {W.move} along, and {path}. At last {W.he} came to {P}.",
        "it was a long way to {P}, and {path}.")))
    t.say("{%s.Sight}." % to, "there, {%s.sight}." % to, chance=0.25)


def gap(t: Teller) -> None:
    """Plays the next interlude the story was given, if any is left."""
    queue = t.cast.get("interludes", "")
    if queue:
        first, _, rest = str(queue).partition(",")
        t.cast["interludes"] = rest
        INTERLUDES[first](t)


def _creature(t: Teller) -> None:
    t.cast["c"] = t.rng.choice(lexicon.CREATURES)
    t.say('on the way, {h.he} [met|saw] a {c}. "[good day|hello], little {c}," said {h}. The {c} [was too busy to answer|said nothing|nodded and hurried on].',
          'a {c} sat [on a leaf|on a stone|in the grass]. "[where are you going|why do you hurry so]?" asked the {c}. "I have something to do," said {h}.',
          "suddenly, a {c} [fell|landed] on {h.his} nose. {h} laughed and put the {c} on a leaf.")


def _meal(t: Teller) -> None:
    t.say("{h} grew hungry and ate some {h.food}.",
          "after a while, {h.he} sat down and ate the {h.food} that {h.he} had brought.",
          "soon {h.his} tummy rumbled. Luckily, {h.he} had {h.food} in {h.his} bag.",
          '"First I need some {h.food}," said {h}. {h.He} ate until {h.he} was full.')


def _song(t: Teller) -> None:
    t.cast["word"] = t.rng.choice(("la la la", "tra la la", "hey ho", "dum di dum"))
    t.say('{h} sang a little song: "{word}, here I go, {word}!"',
          '"{word}, {word}," sang {h} to [feel brave|pass the time].')


def _rest(t: Teller) -> None:
    t.say("{h} was tired and rested [under a tree|on a stone] for a while.",
          "{h.He} stopped to rest, closed {h.his} eyes and dreamed of {h.food}. Then {h.he} went on.",
          "{h} sat down and thought about {h.his} mother. Then {h.he} went on.")


def _stumble(t: Teller) -> None:
    t.say("because {path}, {h} [slipped|stumbled] and fell. It hurt a little, but {h.he} got up again.",
          "{path}, and {h} had to walk very slowly.",
          "{h} stepped on a [thorn|sharp stone]. \"ouch!\" {h.he} cried, but {h.he} did not give up.")


def _riddle(t: Teller) -> None:
    t.cast["c"] = t.rng.choice(lexicon.CREATURES)
    t.cast["riddle"], t.cast["answer"] = t.rng.choice(lexicon.RIDDLES)
    t.say('a {c} called: "a riddle! {riddle}?" {h.N} thought hard. "{answer}!" {h.he} said. "right," said the {c}.',
          '"{riddle}?" asked a {c}. "I do not know," said {h}. "{answer}!" laughed the {c}.')


def _bird(t: Teller) -> None:
    t.say('{h} looked up. A [swallow|lark|wild goose] flew towards {home}. "I wish I could fly too," {h.he} thought.',
          "far away, {h.he} saw {home}. It looked very small.",
          "clouds sailed over the sky. One looked like a {f.kind}, and {h} had to laugh.")


INTERLUDES = {"riddle": _riddle, "bird": _bird, "creature": _creature, "meal": _meal, "song": _song, "rest": _rest, "stumble": _stumble}


def dusk(t: Teller) -> None:
    t.say("in the evening, {clear}.", "at last, {clear}.", "when it was late, {clear}.", chance=0.4)


def moral(t: Teller, *lessons: str) -> None:
    """States what was learned, in one of the ways stories do."""
    t.cast["lesson"] = t.rng.choice(lessons)
    t.say("{h} had learned that {lesson}.", "from that day on, {h} knew that {lesson}.",
          "and {h} never forgot that {lesson}.", 'that night, {h} thought: "{lesson}."',
          '"I have learned something today," said {h}. "{lesson}."',
          '"you see," said {h.his} mother. "{lesson}."')


def ending(t: Teller) -> None:
    """Goes home and remembers who and where."""
    fault = t.cast["h"].trait in lexicon.FAULTS
    if fault:
        t.say("after that, {h.he} was not so {h.trait} any more.", "nobody called {h.him} {h.trait} again.", chance=0.4)
    t.say("back in {h.his} {h.home}, {h.he} told {h.his} mother about {f.n} and {place}.",
          "{h} and {f.n} were friends for ever.", "{h} fell asleep in {h.his} {h.home} and dreamed of {place}.",
          "that night, {h} slept well in {h.his} {h.home}.",
          "then {h} and {f.n} [ate {h.food} together|shared some {f.food} and laughed].",
          "{h.His} mother made {h.food} for supper, and {h.he} ate them all up." if t.cast["h"].slot("food").endswith("s")
          else "{h.His} mother gave {h.him} {h.food} for supper, and {h.he} ate it all up.",
          "and they all lived happily near {home}.", "the {h.kind} and the {f.kind} often went to {place} together after that.")


def next_day(t: Teller) -> None:
    """A coda in which the object changes hands for a day."""
    t.say('the next day, {f.n} asked: "may I {o.use} your {o}?" "Of course," said {h}, and gave {f.him} the {o}.',
          "the next day, {h} lent the {o} to {f.n}.")
    t.say("{f.n} {f.move} to {place} with {o.it}. In the evening, {f.he} brought {o.it} back.",
          'that evening, {f.n} came to {h.his} {h.home} with the {o}. "thank you," {f.he} said. "{o.They} {o.was} wonderful."')


def set_place(t: Teller, key: str) -> Spot:
    """Remembers the place the ending will speak of."""
    spot = t.cast[key]
    assert isinstance(spot, Spot)
    t.cast["place"] = f"the {spot.place.noun}"
    return spot
