#!/usr/bin/env python3
"""Writes the corpus the model is trained on: little stories from the grammar in story/.

    generate_corpus.py --seed 1 --stories 60000 --out train.txt
    generate_corpus.py --seed 2 --stories 2000 --held-out --out held_out.txt

One story per line. The same arguments give the same bytes. Training stories contain none of the held-out
combinations (story/world.py), held-out stories at least one each.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from story.world import split


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stories", type=int, default=60000)
    parser.add_argument("--held-out", action="store_true", help="only stories with a held-out combination")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    texts = split(options.seed, options.stories, options.held_out)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text("\n".join(texts) + "\n", encoding="utf-8")
    print(f"{len(texts)} stories, {sum(len(t.split()) for t in texts)} words")


if __name__ == "__main__":
    main()
