"""Whatever a pack holds: findings, no crash, no traceback, and soon."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.language.parser import keywords
from ordinance.language.source import Source
from ordinance.policy.ir import Unit
from support.packs import JURISDICTION, LANGUAGE, load_on, write_jurisdiction
from support.worlds import charter, language, make, parse_any

#: What a pack of any size may take, in seconds of a busy machine.
SOON = 20

WORDS = sorted(keywords())
SIGNS = [*'{}(),"#\n§\u202e', '"x"', "1", "1.1", "2026-01-01", "2026-99-99", "DE", "a_b"]
KINDS = ("jurisdiction DE", "language en", "house h")
HEADS = ["charter x 1.0.0\n", *(f"{kind} 1.0.0 under charter tiny 1\n" for kind in KINDS)]

tokens = st.lists(st.sampled_from([*WORDS, *SIGNS]), max_size=60).map(" ".join)


@given(tokens | st.text(max_size=200), st.sampled_from([*HEADS, ""]))
def test_any_words_give_findings_and_no_crash(text: str, head: str) -> None:
    pack, found = parse_any(head + text)
    assert pack is not None or found


@given(st.integers(0, 2**32), st.sampled_from([JURISDICTION, LANGUAGE]))
def test_a_pack_with_words_exchanged_links_checks_and_compiles_or_says_why(seed: int, text: str) -> None:
    """Spoiled packs get further than nonsense: what still parses is linked and checked beside a charter."""
    chance = random.Random(seed)
    words = text.replace("charter baseline 1", "charter tiny 1").split(" ")
    for _ in range(chance.randint(1, 4)):
        words[chance.randrange(len(words))] = chance.choice([*WORDS, *SIGNS, *words])
    spoiled = " ".join(words)
    pack, found = parse_any(spoiled)
    if pack is None:
        assert found
        return
    lexicons = {"lexicons/words.txt": Source(Path("words.txt"), "words.txt", "secret words\n")}
    if pack.kind == "charter":
        return
    made = make(
        [charter(), language("en"), Unit(pack, lexicons)] if pack.name.text != "en" else [charter(), Unit(pack, {})]
    )
    assert (made.plan is None) is bool(made.codes)


@pytest.mark.parametrize("what", ["words", "letters", "braces", "quotes", "rules"])
def test_a_megabyte_of_nonsense_answers_soon(what: str, tmp_path: Path) -> None:
    chance = random.Random(7)
    size = 1_000_000
    texts = {
        "words": lambda: " ".join(chance.choices([*WORDS, *SIGNS], k=size // 6)),
        "letters": lambda: "".join(chance.choices("abc {}\n\"'§,", k=size)),
        "braces": lambda: "{" * (size // 2) + "}" * (size // 2),
        "quotes": lambda: '"' * size,
        "rules": lambda: "withhold 1.1 x { when answer has lexicon\n" * (size // 40),
    }
    pack = write_jurisdiction(tmp_path, JURISDICTION + texts[what]())
    started = time.monotonic()
    loaded = load_on(pack)
    assert loaded.compiled is None
    assert loaded.diagnostics
    assert time.monotonic() - started < SOON
