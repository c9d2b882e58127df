"""The plots. Each one moves objects and people through the world and tells the truth about it."""

from __future__ import annotations

from collections.abc import Callable

from . import lexicon
from .scenes import dusk, friend, gap, moral, owns, set_place, walk
from .teller import Teller

Plot = Callable[[Teller], None]


def lost(t: Teller) -> None:
    """The hero's object is gone; an elder knows the place; the first search may fail."""
    owns(t)
    friend(t)
    t.say("{h} took {h.his} {o} to {p}.", "that day, {h.he} [wanted to {o.use} {o.it}|played] {p.at}.",
          "{h} and {f.n} [went|{h.move}] to {p} with the {o}.")
    t.say("but {thief} carried the {o} away.", "but when {h.he} looked for {h.his} {o}, {o.they} {o.was} gone.",
          "then {thief} took {o.it}, and the {o} {o.was} gone.", "but on the way home, {h.he} dropped {o.it} and did not notice.")
    t.say('"oh no! Where {o.is} my {o}?" cried {h}.', "{h} [cried|was very sad], because {h.he} loved {h.his} {o}.",
          '"my {o}! My {o} {o.is} gone!" cried {h}.')
    gap(t)
    if t.rng.random() < 0.5:
        t.say('"I will help you," said {f.n}. "let us look {p.at} first."', "{f.n} came to help.")
        t.say("they looked {p.hide}, but the {o} {o.was} not there.", "they searched {p.at}, but they did not find {o.it}.")
    walk(t, "ep")
    t.say("{e.A} lived there.", "there {h.he} met {e}.", "{e} was at home.")
    t.say('"have you seen my {o}?" asked {h}.', '"please, {e.t}, {o.is} my {o} here?" asked {h}.',
          '{h} told {e} about the {o}.')
    t.say('"yes," said {e}. "I saw {o.it} {q.at}."', '"look {q.at}," said {e}. "{o.They} must be there."',
          '"I think {o.they} {o.is} {q.at}," said {e}.')
    t.say('"thank you!" said {h}.', "{h} thanked {e.him}.", chance=0.6)
    walk(t, "q")
    t.say("there, {q.hide}, {o.was} the {o}!", "{h} looked {q.hide}, and there {o.they} {o.was}!",
          "there {o.they} {o.was}, {q.hide}!", "{h.He} found the {o} {q.hide}.")
    t.say("{h} was so happy that {h.he} [danced|sang|laughed and cried at once].", "{h} hugged {f.n}.", "how happy {h} was!", '"{o.They} {o.is} back!" {h.he} cried.', chance=0.7)
    dusk(t)
    moral(t, "it is good to ask for help", "those who ask will find", "one must take good care of things", "nothing is lost as long as one has friends")
    set_place(t, "q")


def borrow(t: Teller) -> None:
    """The hero wants what the friend has, takes it, and gives it back."""
    friend(t)
    owns(t, "f")
    t.say("{h} wanted to {o.use} {o.it} too.", "{h} wished that {h.he} had {o.a} too.", "when {h} saw the {o}, {h.he} wanted {o.it} for {h.self}.")
    t.say('"may I have {o.it}?" asked {h}. "no," said {f.n}. "{o.They} {o.is} mine."',
          '"give me the {o}!" said {h}. "no, I will not," said {f.n}.')
    t.say("when {f.n} was asleep, {h} took the {o} and {h.move} to {p}.",
          "so {h} waited until {f.n} looked away. Then {h.he} took {o.it} and hid {o.it} {p.hide} {p.at}.",
          "that night, {h} crept into the {f.home} of {f.n}, took the {o} and carried {o.it} to {p}.")
    gap(t)
    t.say('{f.n} looked everywhere. "who has my {o}?" {f.he} cried.', "when {f.n} saw that the {o} {o.was} gone, {f.he} began to cry.")
    t.say("{h} heard it, and {h.his} heart grew heavy.", "{h} did not feel happy at all.", "but {h} could not look {f.n} in the eye.", "now {h.he} could not enjoy the {o}.")
    t.say('{e} saw it. "{h.n}, {o.is} {o.this} {o.n} yours?" {e.he} asked. {h.N} shook {h.his} head.',
          '{e} came by. "what is the matter?" {e.he} asked. {h.N} told {e.him} everything.', chance=0.6)
    t.say("so {h} went back to {f.n} with the {o}.", "{h} {h.move} back from {p} and gave the {o} to {f.n}.")
    t.say('"I took {o.it}," said {h}. "I am sorry."', '"here {o.is} your {o}," {h.he} said. "I am so sorry."')
    t.say('"thank you for telling the truth," said {f.n}. "now we can {o.use} {o.it} together."',
          "{f.n} was angry at first. Then {f.he} smiled and let {h} {o.use} the {o} too.",
          '"you only had to ask again," said {f.n}, and they shared the {o}.')
    dusk(t)
    moral(t, "taking is not the same as sharing", "a friend is worth more than a thing", "it is better to ask than to take", "sharing makes everyone happy")
    set_place(t, "p")


def lost_way(t: Teller) -> None:
    """The hero wanders too far; an elder gives two landmarks; they are passed in that order."""
    t.say("{h.His} mother said: \"do not go farther than {p}.\"", "\"stay near {p},\" said {h.his} mother.")
    t.say("but {h} saw a [golden butterfly|blue dragonfly|white bird] and [ran|went] after it.", "but {h} wanted to see what was behind {p}.")
    t.say("{h.He} {h.move} farther and farther, and {path}.", "on and on {h.he} went.", chance=0.7)
    gap(t)
    t.say("then {h} stopped. {h.He} did not know the way home.", "soon {h.he} was lost.", '"where am I?" asked {h}. Nobody answered.')
    t.say("{h} sat down and cried.", "{h} was [afraid|cold and afraid].", "it grew dark, and {h} began to shiver.", "{h} thought of {h.his} warm {h.home} and sobbed.")
    t.say("then {f.n} came along, a {f.trait} {f.kind}.", "a {f.kind} [named|called] {f.n} heard {h.him}.",
          '"why are you crying?" asked a voice. It was {f.n}, a {f.kind} who {f.habit}.')
    t.say('"I want to go home to {home}," said {h}.', '"I have lost my way," said {h}. "I live near {home}."')
    t.say('"first go to {ep}, then to {q}," said {f.n}. "from there you can see {home}."',
          '"that is easy," said {f.n}. "go past {ep} and then past {q}."')
    t.say('"come with me," {f.he} said.', '"I will go with you," {f.he} said.', "{f.N} took {h} by the hand.")
    t.say("first they came to {ep}, where {ep.sight}.", "they went to {ep}. {e} waved to them.", "so they walked past {ep}.")
    gap(t)
    t.say("then they came to {q}, where {q.sight}.", "after that, they walked past {q}.", "next came {q}.")
    t.say("and there was {home}! {h} {h.move} into {h.his} mother's arms.", 'from {q}, they could see {home}. "I am home!" cried {h}.')
    t.say('"this is {f.n}," said {h}. "{f.He} showed me the way."', "{h.His} mother thanked {f.n} and gave {f.him} some {h.food}.", chance=0.8)
    dusk(t)
    moral(t, "one should listen to one's mother", "a stranger can become a friend", "the way home is shorter with a friend", "it is wise not to go too far alone")
    set_place(t, "ep")


def gift(t: Teller) -> None:
    """Three things are needed, and they are collected from three places in the order they were named."""
    friend(t)
    t.cast["thing"] = t.rng.choice(("cake", "soup", "crown", "pie", "nest", "toy boat"))
    needs = {"cake": "flour milk honey", "soup": "carrots onions salt", "crown": "daisies ivy feathers",
             "pie": "flour plums butter", "nest": "twigs moss wool", "toy boat": "wood string cloth"}[str(t.cast["thing"])].split()
    t.rng.shuffle(needs)
    t.cast["a"], t.cast["b"], t.cast["d"] = needs
    t.say("it was the birthday of {f.n}, and {h} wanted to make a {thing} for {f.him}.",
          "{f.n} was ill in bed. {h} wanted to make {f.him} a {thing}.",
          '"tomorrow is the birthday of {f.n}," thought {h}. "I will make a {thing}."')
    t.say("{h.He} needed {a}, {b} and {d}.", '"I need {a}, {b} and {d}," said {h}.', 'for a {thing}, one needs {a}, {b} and {d}.')
    t.say("{h.He} found the {a} {p.at}, {p.hide}.", "{h} {h.move} to {p} and came back with {a}.", "the {a} {h.he} got {p.at}.")
    gap(t)
    t.say("for the {b}, {h.he} went to {e} {ep.at}.", "then {h} asked {e} {ep.at} for {b}.", '"Have you any {b}?" {h} asked {e} {ep.at}.')
    t.say('"you may have the {b}," said {e}. "But first you must help me." {h} did so.',
          '"gladly," said {e}, and filled a bag with {b}.', '"here," said {e}. "take as much as you need."')
    gap(t)
    t.cast["were"] = "were" if needs[2].endswith("s") and needs[2] != "moss" else "was"
    t.say("now only the {d} {were} missing.", "last of all, {h.he} needed the {d}.")
    t.say("{h} looked for {d} {q.at}, and found some {q.hide}.", "{h.He} {h.move} to {q}, and there {h.he} found {d}.")
    t.say("then {h} took the {a}, the {b} and the {d} and made the {thing}.", "at home, {h.he} put the {a}, the {b} and the {d} together, and soon the {thing} was ready.")
    t.say('"a {thing}! For me?" cried {f.n}.', '"happy birthday!" said {h}. {f.N} clapped.' if "birthday" in t.text() else '"get well soon," said {h}. {f.N} smiled.',
          "when {f.n} saw the {thing}, {f.his} eyes shone.")
    t.say('"it is the best {thing} in the world," {f.he} said.', '"thank you, {h.n}," said {f.n}.', chance=0.8)
    dusk(t)
    moral(t, "giving is better than getting", "a gift made with love is the best gift", "good things need time")
    set_place(t, "q")


def broken(t: Teller) -> None:
    """The hero breaks the friend's object, hides it, tells the truth, and it is mended."""
    friend(t)
    owns(t, "f")
    t.say("one day, {f.n} lent the {o} to {h}.", "{f.n} let {h} {o.use} {o.it} {p.at}.", '"you may {o.use} my {o} today," said {f.n} to {h}.')
    t.say("but {h} was [careless|too wild], and the {o} broke.", "{h} {h.move} to {p} with {o.it}, fell, and the {o} broke.",
          "crack! {h} sat on the {o} and broke {o.it}.")
    t.say("{h.He} was afraid to tell {f.n}.", '"oh dear, what will {f.n} say?" thought {h}.', "{h} turned pale.")
    t.say("so {h.he} hid the {o} {p.hide} {p.at}.", "{h} put the broken {o} {p.hide} {p.at}.")
    gap(t)
    t.say('in the evening, {f.n} came. "where {o.is} my {o}?" {f.he} asked.', '"did you like my {o}?" asked {f.n}.')
    lie = t.rng.random() < 0.5
    if lie:
        t.cast["culprit"] = t.rng.choice(("the wind", "a thief", "a crow", "a giant"))
        t.say('"{culprit} took {o.it}," lied {h}.', '"I do not know," said {h}. "perhaps {culprit} has {o.it}."')
        t.say("but {h} could not sleep that night.", "the lie sat in {h.his} tummy like a stone.")
    t.say('at last {h.he} said: "I broke {o.it}. {o.They} {o.is} {p.hide} {p.at}."', '{h} took a deep breath. "I broke your {o}," {h.he} said. "I hid {o.it} {p.at}."')
    if lie:
        t.say('"so it was not {culprit}," said {f.n}.', chance=0.5)
    t.say('"I am glad that you told me," said {f.n}.', "{f.n} was sad, but not angry.", '"everyone makes mistakes," said {f.n}.')
    t.say("together they went to {p} and took the {o} to {e} {ep.at}.", "they carried the {o} to {e}, who lived {ep.at}.")
    t.say("{e} [mended|repaired] {o.it}, and the {o} {o.was} as good as new.", '"I can mend {o.this} {o}," said {e}, and soon {o.they} {o.was} whole again.')
    dusk(t)
    moral(t, "the truth is the best way", "a lie makes everything worse", "one can always say sorry")
    set_place(t, "p")


def rescue(t: Teller) -> None:
    """The friend is stuck; the tool has to be fetched from an elder at another place."""
    friend(t)
    trouble, tool = t.rng.choice((("had fallen into a deep hole", "rope"), ("sat in a high tree and could not come down", "ladder"),
                                  ("was stuck in the mud", "board"), ("was caught under a fallen branch", "saw"),
                                  ("was locked in an old shed", "key"), ("had fallen into the water", "rope"),
                                  ("could not find the way out in the dark", "lamp")))
    t.cast["trouble"], t.cast["tool"] = trouble, tool
    t.say("one day, {h} {h.move} to {p}.", "{h} was on the way to {p}, and {path}.", "that morning, {h} and {f.n} wanted to meet {p.at}.")
    t.say('"help! Help!" cried somebody.', "suddenly, {h.he} heard a cry.", '"help me!" called a voice.')
    t.say("it was {f.n}! {f.He} {trouble}.", "{p.at}, {f.n} {trouble}.")
    t.say('"do not be afraid, {f.n}," said {h}. "I will get help."', '"wait, I will be back soon," said {h}.')
    t.say("{h} tried to [pull|reach] {f.him}, but {h.he} was too small.", "{h.He} tried alone, but {h.he} was not strong enough.", chance=0.6)
    gap(t)
    walk(t, "ep")
    t.say('"please, {f.n} {trouble}!" {h} told {e}. "we need a {tool}."', '{h} ran to {e}. "have you got a {tool}? {f.N} is in danger!"')
    t.say('"I have a {tool}," said {e}. "take it and hurry!"', '{e} gave {h.him} a {tool}.', '"I will come too," said {e}, and took the {tool} from the wall.')
    gap(t)
    t.say("quickly, {h} {h.move} back to {p} with the {tool}.", "{h} carried the {tool} to {p} as fast as {h.he} could.")
    t.say("with the {tool}, {h.he} got {f.n} out.", "thanks to the {tool}, {f.n} was soon free.", "{h} used the {tool}, and [step by step|little by little] {f.n} came out.")
    t.say('"you saved me!" said {f.n}.', "{f.n} hugged {h} for a long time.", "{f.n} was wet with tears, but {f.he} smiled.", '"thank you, {h.n}," said {f.n}. "you are a true friend."')
    t.say("then {h} took the {tool} back to {e}.", "in the end, {h} brought the {tool} back to {ep}.", chance=0.6)
    dusk(t)
    moral(t, "even the small can do great things", "a friend in need must not wait", "it is brave to get help")
    set_place(t, "p")


def race(t: Teller) -> None:
    """A race with a prize; somebody falls; the winner depends on who stops."""
    friend(t)
    t.say("{e} wanted to hold a race from {p} to {q}. The prize was {o.a}.", "one day there was a race from {p} to {q}, and {e} had {o.a} for the winner.")
    t.say('"I will win the {o}!" said {h}.', "{h} wanted to win the {o} very much.", '"{o.They} will be mine," said {f.n}. "no, mine!" said {h}.')
    gap(t)
    t.say('{e} called: "one, two, three, go!"', '"ready, steady, go!" cried {e}.')
    t.say("{h} {h.move} and {f.n} {f.move}.", "{h} {h.move} as fast as {h.he} could, and {f.n} was close behind.")
    if t.rng.random() < 0.5:
        t.say("then {f.n} stumbled and hurt {f.his} [foot|knee|leg].", "suddenly, {f.n} fell and could not get up.")
        t.say("{h} stopped. {Q} was near, but {h.he} turned round and helped {f.n}.", '"wait, I will help you," said {h}, and went back.')
        t.say("together they walked to {q}. They were the last.", "so they came to {q} last of all.")
        t.say('"you did not win the race," said {e}. "but you have won the {o}, because you helped {f.n}."',
              '{e} gave {h} the {o}. "{h.n} was not the fastest, but the kindest," {e.he} said.')
        moral(t, "helping is better than winning", "a kind heart wins more than fast feet")
    else:
        t.say("{h} was so far ahead that {h.he} lay down [under a tree|in the grass] and fell asleep.", '"I have plenty of time," thought {h}, and stopped to eat {h.food}.')
        t.say("but {f.n} did not stop. {f.He} went on, step by step.", "{f.n} came nearer and nearer.")
        t.say("when {h} looked up, {f.n} was already at {q}.", "{h} ran to {q}, but {f.n} was there first.")
        t.say("{e} gave the {o} to {f.n}.", 'so {f.n} won the {o}. "well done," said {e}.')
        t.say('"you were better than me," said {h}. {f.N} let {h.him} {o.use} the {o}.', chance=0.7)
        moral(t, "one should not laugh too early", "slow and steady wins the race", "it is good to finish what one has begun")
    dusk(t)
    set_place(t, "q")


def trade(t: Teller) -> None:
    """A chain of exchanges: the hero's first thing becomes a second, then the wanted one."""
    owns(t)
    friend(t)
    t.say("but what {h.he} really wanted was the {x} of {f.n}.", "{f.n} had {x.a}, and {h} wanted to {x.use} {x.it}.")
    t.say('"will you give me your {x} for my {o}?" asked {h}. "no," said {f.n}. "but I would like {y.a}."',
          '"you can have my {x} if you bring me {y.a}," said {f.n}.')
    gap(t)
    walk(t, "ep")
    t.say("{e} had {y.a}.", "there, {e} sat with {y.a}.")
    t.say('"may I have your {y}?" asked {h}. "what will you give me for {y.it}?" asked {e}.', '"I need your {y}," said {h}. "then give me your {o}," said {e}.')
    t.say("so {h} gave {h.his} {o} to {e} and got the {y}.", "{h} gave away the {o} and took the {y}.")
    t.say("now {e} had the {o} and {h} had the {y}.", chance=0.4)
    gap(t)
    t.say("then {h} brought the {y} to {f.n}, and {f.n} gave {h.him} the {x}.", '{h} {h.move} back to {f.n}. "here {y.is} the {y}," {h.he} said, and {f.n} handed {h.him} the {x}.')
    if t.rng.random() < 0.5:
        t.say("at last, {h} had the {x}! But {h.he} missed {h.his} {o}.", "{h} liked the {x}. But soon {h.he} thought of the {o} every day.")
        t.say('so {h.he} went to {ep} again. "Please give me back my {o}," {h.he} said. {E} smiled and gave {o.it} back.',
              "when {e} heard that, {e.he} came from {ep} and gave {h.him} the {o} as a present.")
        moral(t, "we often love best what we already have", "what is dear cannot be traded")
    else:
        t.say("{h} was happy with the {x}, {f.n} was happy with the {y}, and {e} was happy with the {o}.", "everyone was happy: {h} with the {x}, {f.n} with the {y} and {e} with the {o}.")
        moral(t, "a fair trade makes everyone happy", "one must give something to get something")
    dusk(t)
    set_place(t, "ep")


def seed(t: Teller) -> None:
    """Something is planted and needs patience; what was planted is what grows."""
    friend(t)
    t.cast["plant"] = t.rng.choice(lexicon.FLOWERS)
    t.say("{e} gave {h} a small seed. \"it is the seed of a {plant},\" {e.he} said.", '{h} met {e} {ep.at}. "take this seed," said {e}. "a {plant} will grow from it."')
    t.say("{h} planted the seed {p.at}, {p.hide}.", "{h} dug a small hole {p.at} and put the seed in it.")
    t.say("the next day, {h.he} looked, but nothing had grown.", "{h} waited and waited, but there was no {plant}.")
    t.say('"it will never grow!" said {h}.', '"why is it so slow?" {h.he} asked {f.n}.', "{h} wanted to dig the seed up again.")
    t.say('"have patience," said {f.n}. "it needs water and sun."', '"wait," said {f.n}. "even a {plant} starts small."')
    gap(t)
    t.say("so {h} brought water to {p} every day.", "every morning, {h} and {f.n} went to {p} with water.")
    t.say("one night there was a storm, and {h} covered the place with a blanket.", "when it grew cold, {f.n} put [straw|leaves|an old coat] over the earth.", chance=0.6)
    gap(t)
    t.say("after [many days|three weeks|a long time], a tiny green leaf came out.", "then one morning, there was a little green tip.")
    t.say("it grew and grew, until there was a fine {plant} {p.at}.", "and by summer, the {plant} was taller than {h}.", "soon the most beautiful {plant} stood {p.at}.")
    t.say("{h} showed the {plant} to {e}. \"you have done well,\" {e.he} said.", "{e} came from {ep} to see it.", '"look at our {plant}!" said {h} to {f.n}.')
    dusk(t)
    moral(t, "good things need time", "patience brings flowers", "small things grow when one cares for them")
    set_place(t, "p")


def newcomer(t: Teller) -> None:
    """Nobody plays with the new one, until the object brings them together."""
    owns(t)
    t.say("a new {f.kind} had come to {p}. {f.His} name was {f.n}, and {f.he} was {f.trait}.", "that week, a {f.trait} {f.kind} named {f.n} moved to {p}.")
    t.say("nobody played with {f.n}.", "{f.n} sat alone {p.at} all day.", "the others laughed, because {f.n} {f.habit}.")
    t.say("{h} saw {f.him} and felt sorry.", '"{f.he} looks sad," thought {h}.')
    gap(t)
    t.say('{h} {h.move} to {p}. "hello, I am {h.n}," {h.he} said. "who are you?"', 'so {h.he} went to {p} and said: "would you like to {o.use} my {o}?"')
    t.say('"I am {f.n}," said the {f.kind} softly.', '"nobody has ever asked me," said {f.n}.', '"you are kind," whispered {f.n}.')
    t.say("{h} showed {f.him} the {o}, and they [played|laughed] all afternoon.", "they took the {o} to {q}, where {q.sight}.")
    t.say("{f.n} knew a secret {q.at}: {q.hide}, there was {x.a}.", "then {f.n} showed {h} what {f.he} had: {x.a}.", chance=0.7)
    gap(t)
    t.say("the others saw it and wanted to play too.", "soon {e} and all the others came to watch.")
    t.say('"come, there is room for everyone," said {f.n}.', "now {f.n} was never alone again.")
    dusk(t)
    moral(t, "a kind word opens every door", "new friends are a treasure", "nobody should be alone")
    set_place(t, "q")


def storm(t: Teller) -> None:
    """The hero's home is destroyed; who gives shelter and who helps to build."""
    friend(t)
    t.say("one night, a [great|terrible] storm came. It blew away the {h.home} of {h}.", "then a storm broke a tree, and the tree fell on {h.his} {h.home}.")
    t.say("{h} could only save {h.his} {o}.", "only {h.his} {o} {o.was} left.")
    t.say('"where shall I sleep now?" asked {h}.', "{h} stood in the rain and did not know where to go.")
    gap(t)
    walk(t, "ep")
    t.say('"may I sleep here?" {h} asked {e}. "there is no room," said {e}.', '{h} knocked at the door of {e}. "I am sorry, my house is full," said {e}.')
    t.say("so {h} went to the {f.home} of {f.n}.", "then {h} thought of {f.n} and went to {f.his} {f.home}.")
    t.say('"come in!" said {f.n}. "there is always room for a friend."', '{f.n} opened at once. "you are wet and cold," {f.he} said. "sit by the fire."')
    t.say("{f.He} gave {h.him} {f.food} and {cloth.a}.", "{h} got {cloth.a} and some {f.food}.")
    gap(t)
    t.say("the next morning, they began to build a new {h.home} {p.at}.", "the next day, {f.n} helped {h} to build a {h.home} {p.at}.")
    t.say("even {e} came from {ep} and helped, because {e.he} was sorry.", "{e} brought wood from {ep}.", chance=0.7)
    t.say("{h} thanked {f.n} and gave {f.him} the {o}.", "when the {h.home} was ready, {h} put the {o} in the best place.")
    dusk(t)
    moral(t, "a warm heart is the best shelter", "friends open the door", "together one can build anything")
    set_place(t, "p")


def count(t: Teller) -> None:
    """Food is counted and shared; the sums are right."""
    friend(t)
    words = "no one two three four five six seven eight nine ten".split()
    have = t.rng.randint(4, 10)
    give = t.rng.randint(1, have - 2)
    t.cast.update(fruit=t.rng.choice(lexicon.FOODS), have=words[have], give=words[give], left=words[have - give], be="was" if have - give == 2 else "were", less=words[have - give - 1])
    t.say("{h} found {have} {fruit} {p.at}, {p.hide}.", "{e} gave {h} {have} {fruit}.", "{h} had {have} {fruit} in a basket and {h.move} to {p}.")
    t.say('"they are all for me," said {h}.', "{h} was glad, because {fruit} were so [sweet|good].", '"{have} {fruit}!" cried {h}.')
    gap(t)
    t.say("then {h} met {f.n}. {f.He} was hungry and had no {fruit}.", '"I have not eaten all day," said {f.n}. {f.He} looked at the {fruit}.')
    t.say("first {h} wanted to hide them.", '"I found them," {h.he} said. "but you are my friend."', "{h} thought about it for a while.", chance=0.7)
    t.say("{h} gave {give} {fruit} to {f.n}. Now {h.he} had {left} left.", "so {f.n} got {give} {fruit}, and {h} still had {left}.")
    t.say("on the way home, {h.he} ate one. Then there {be} {less}.", chance=0.6)
    gap(t)
    t.say("the next day, {h} had nothing, and {f.n} came with {q_food}.", 'the next day, {f.n} brought {q_food} from {q}. "these are for you," {f.he} said.')
    t.say('"because you gave me {give} {fruit}," said {f.n}.', "{f.n} had not forgotten the {give} {fruit}.")
    dusk(t)
    moral(t, "what one shares comes back", "food tastes better with a friend", "sharing makes everyone happy")
    set_place(t, "p")


def night(t: Teller) -> None:
    """The hero is afraid of one thing, which has a harmless cause in a certain place."""
    friend(t)
    t.cast["noise"], t.cast["cause"] = t.rng.choice((
        ("a loud knocking", "a branch that beat against a wall"), ("a deep hum", "a swarm of sleepy bees"),
        ("a strange whistle", "the wind in a broken bottle"), ("a soft crying", "a kitten that had lost its mother"),
        ("two green eyes", "a pair of fireflies"), ("a big black shadow", "an old coat on a stick")))
    eyes = t.cast["noise"] in ("two green eyes", "a big black shadow")
    t.cast["met"] = "saw" if eyes else "heard"
    t.say("one night, {h} {met} {noise} {p.at}.", "when it was dark, {h} came past {p} and {met} {noise}.")
    t.say('"it is a ghost!" cried {h}, and {h.move} home.', "{h.He} was so afraid that {h.he} could not move.", '"a monster lives {p.at}!" {h} told {f.n}.')
    t.say('"there are no monsters," said {f.n}.', "{f.n} had {met} it too.", '"are you sure?" asked {f.n}. {h.N} nodded.')
    gap(t)
    t.say("they asked {e} {ep.at}. \"go and look,\" said {e}. \"then you will know.\"", '"take {lamp.a}," said {e} {ep.at}. "what one can see is not so bad."')
    t.say("so they took {lamp.a} and went to {p}.", "the next night, {h} and {f.n} crept to {p} with {lamp.a}.")
    gap(t)
    t.say("there it was again: {noise}!", "again they {met} {noise}.", "{h} {met} {noise} again and held the hand of {f.n}.")
    t.say("{f.n} lifted the {lamp}, and {h} looked {p.hide}.", "bravely, {h} held up the {lamp}.")
    t.say("it was only {cause}!", "and what was it? It was {cause}.", '"it is only {cause}!" said {h}.')
    t.say("{h} and {f.n} laughed until they cried.", '"so that was my monster," said {h}.', chance=0.8)
    dusk(t)
    moral(t, "what one knows is no longer frightening", "one is braver with a friend", "one should look before one runs")
    set_place(t, "p")


def concert(t: Teller) -> None:
    """Three players, three instruments; each plays what was given out before."""
    friend(t)
    drum, flute, bell = t.rng.sample(("drum", "flute", "bell", "whistle", "fiddle", "horn", "trumpet", "guitar"), 3)
    t.cast.update(m1=drum, m2=flute, m3=bell)
    t.say('"let us make music {p.at}!" said {h}.', "there was to be a feast {p.at}, but there was no music.", '"a feast without music is no feast," said {f.n}.')
    t.say("{h} had a {m1}, {f.n} had a {m2}, and {e} brought a {m3}.", '"I have a {m1}," said {h}. "and I have a {m2}," said {f.n}. They asked {e} to play the {m3}.')
    t.say("at first it sounded terrible.", "the {m1} was too loud, and nobody could hear the {m2}.", '"you are too fast!" said {f.n} to {h}.')
    gap(t)
    t.say('"listen to each other," said {e}.', '"first the {m2}, then the {m1}," said {e}. "and I come last with the {m3}."')
    t.say("so they practised every evening {ep.at}.", "they tried again {ep.at}, again and again.")
    gap(t)
    t.say("on the day of the feast, {clear}, and everyone came to {p}.", "at last, the day of the feast came.")
    t.say("{f.n} played the {m2}, {h} played the {m1} and {e} played the {m3}.", "first came {f.n} with the {m2}. Then {h} joined in with the {m1}, and {e} with the {m3}.")
    t.say("everyone danced until midnight.", '"what beautiful music!" people said.', "even the moon seemed to dance.")
    moral(t, "music is made of listening", "together one can do what nobody can do alone", "practice makes perfect")
    set_place(t, "p")


def errand(t: Teller) -> None:
    """The hero carries a thing to an elder and is tempted to stop on the way."""
    t.say('"take {o.this} {o} to {e} {ep.at}," said {h.his} mother. "and do not stop on the way."',
          "one day, {h.his} mother gave {h.him} {o.a} for {e}, who lived {ep.at}.")
    t.say("{h} put the {o} into a bag and set off.", "{h} took the {o} under {h.his} arm and {h.move} away.")
    gap(t)
    t.say("{p.at}, {h.he} met {f.n}, a {f.trait} {f.kind}. \"come and play with me!\" {f.he} said.", 'on the way {h.he} came to {p}. There sat {f.n} the {f.kind}. "stay a little," {f.he} begged.')
    late = t.rng.random() < 0.5
    if late:
        t.say("{h} put the {o} down {p.hide} and played.", '"only for a moment," said {h}, and hid the {o} {p.hide}.')
        t.say("when {h} thought of {e}, it was already late, and {h.he} had forgotten where the {o} {o.was}.", "soon it grew dark. \"the {o}!\" cried {h}. \"where did I put {o.it}?\"")
        t.say('"I know," said {f.n}. "{o.They} {o.is} {p.hide}."', "they searched together, and {f.n} found the {o} {p.hide}.")
        t.say("{f.n} and {h} ran to {ep} together.", "now {h} had to hurry to {ep}.")
    else:
        t.say('"I cannot stay," said {h}. "I must bring the {o} to {e}. But I will come back."', '"first the {o}, then the game," said {h}, and went on to {ep}.')
    gap(t)
    t.say('"here {o.is} the {o} from my mother," said {h}. "how kind!" said {e}.', "{e} was waiting. {e.He} was very happy about the {o}.")
    t.say("{e} gave {h.him} some {q_food}.", '"these are for you," said {e}, and filled {h.his} bag with {q_food}.')
    t.say("on the way back, {h} shared the {q_food} with {f.n}.", "{h} and {f.n} ate the {q_food} {p.at}.")
    dusk(t)
    moral(t, *(("one should finish the work before one plays", "one must not forget a promise") if late
               else ("work first makes play sweeter", "a promise must be kept")))
    set_place(t, "p")


def seek(t: Teller) -> None:
    """Hide and seek: two wrong places, a hint, and the right one."""
    friend(t)
    spot = set_place(t, "q")
    t.cast["hint"] = t.rng.choice(spot.place.sights) + " there"
    t.say('"let us play hide and seek," said {f.n}. {h.N} closed {h.his} eyes and counted to ten.', "{h} and {f.n} played hide and seek {p.at}. {h.N} had to seek.")
    t.say("{f.n} {f.move} away on quiet feet.", "{f.n} giggled and {f.move} off.", "soon it was very still.", chance=0.7)
    t.say('"I am coming!" called {h}.', '"nine, ten! Here I come," said {h}.')
    t.say("{h.He} looked {p.hide}, but there was only [a beetle|an old shoe|a sleepy snail].", "was {f.n} {p.hide}? No, {f.he} was not there.")
    gap(t)
    walk(t, "ep")
    t.say('"have you seen {f.n}?" {h} asked {e}. "I may not tell," said {e}. "but {hint}."', '"a {f.kind} ran past here," said {e}. "think: {hint}."')
    t.say('"that must be {q}!" said {h}.', "{h} thought for a moment. Then {h.he} smiled.")
    walk(t, "q")
    t.say("and there was {f.n}, {q.hide}!", '{h} looked {q.hide}. "I have found you!" {h.he} cried.')
    t.say('"you are good at this," said {f.n}. "now it is my turn to seek."', '"I thought nobody would ever find me," said {f.n}. {f.He} was cold and glad to be found.')
    dusk(t)
    moral(t, "one finds a friend by thinking of what the friend likes", "a game is best with a friend", "one must not give up too soon")
    set_place(t, "q")


PLOTS: dict[str, Plot] = {plot.__name__: plot for plot in (
    lost, borrow, lost_way, gift, broken, rescue, race, trade, seed, newcomer, storm, count, night, concert, errand,
    seek)}
