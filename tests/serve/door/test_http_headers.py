from __future__ import annotations

import langcodes
import pytest

from ordinance.serve.door.http_headers import asked_slots, plain_tag, wanted_languages
from ordinance.serve.http import tags


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [
        (None, []),
        ("de", ["de"]),
        ("de-AT, en;q=0.8, et;q=0.9", ["de-AT", "et", "en"]),
        ("en, de", ["en", "de"]),
        ("*", []),
        ("fr;q=0, de;q=0.5", ["de"]),
        ("de ; q=0.3 , en;q=0.4", ["en", "de"]),
        ("'; drop, ,,;;q=1, de", ["de"]),
        ("de;q=9, en;q=0.9", ["de", "en"]),
    ],
)
def test_accept_language(accepted: str | None, wanted: list[str]) -> None:
    assert wanted_languages(None, accepted) == wanted


def test_the_header_set_on_purpose_goes_first() -> None:
    assert wanted_languages(" et ", "de, en") == ["et", "de", "en"]


def test_a_header_that_is_no_tag_is_passed_over() -> None:
    assert wanted_languages("no such tag", "de") == ["de"]


def test_a_long_header_is_cut() -> None:
    assert len(wanted_languages(None, ",".join(["de"] * 10_000))) == 32


@pytest.mark.parametrize(
    ("tag", "plain"),
    [
        ("en-x-sieg-heil", "en"), ("de-Latn-DE-1996", "de-Latn-DE"), ("sl-rozaj-biske", "sl"), ("es-419", "es-419"),
        ("en-a-words-x-more", "en"), ("zh-yue-HK", "zh-yue-HK"), ("x-words", ""), ("i-klingon", ""), ("english", ""),
        ("", ""), ("en-", ""), ("de-deutsch", "de"),
    ],
)  # fmt: skip
def test_words_of_a_clients_own_do_not_stay_in_a_tag(tag: str, plain: str) -> None:
    assert plain_tag(tag) == plain
    assert wanted_languages(tag, tag) == ([plain, plain] if plain else [])
    assert asked_slots(f"language={tag}") == asked_slots(f"language={plain}")


def test_a_long_list_of_slots_is_cut() -> None:
    assert asked_slots("language=xx-1,".replace("1", "ZZZZZZZZZ") * 40 + "units=metric") == {}


def test_tags_of_requests_are_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags, "_MOST", 50)
    assert len(list(tags.kept())) == 3, "langcodes keeps what it has read elsewhere"
    letters = "abcdefghijklmnopqrstuvwxyz"
    for region in (first + second for first in letters for second in letters):
        tags.forget()
        asked_slots(f"language=et-{region.upper()}")
        langcodes.closest_match(f"et-{region}", ["de", "et"])
        assert all(len(known) < 60 for known in tags.kept())
