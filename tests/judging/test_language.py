"""Which language a text is in: right, or undecided, and never fetched."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.judging.language import SHORTEST, LanguageError, language_of, prepare
from support.data import DATA

CASES = Path(__file__).parents[1] / "cases" / "languages"


@pytest.fixture(scope="module", autouse=True)
def prepared() -> None:
    """Loading the identifiers takes longer than any test here."""
    prepare()


def rows(name: str) -> list[tuple[str, str]]:
    lines = (CASES / name).read_text("utf-8").splitlines()
    return [(code, text) for code, _, text in (line.partition("\t") for line in lines)]


@pytest.mark.parametrize("language", sorted({code for code, _ in rows("chat.tsv")}))
def test_short_chat_is_told_or_undecided_and_never_wrong(language: str) -> None:
    told = [language_of(text) for code, text in rows("chat.tsv") if code == language]
    assert set(told) <= {language, ""}
    assert told.count(language) >= 10, told  # of 12


def test_nearly_all_short_chat_is_told() -> None:
    told = [language_of(text) for _, text in rows("chat.tsv")]
    assert told.count("") / len(told) <= 0.03


def test_a_text_in_two_languages_is_undecided() -> None:
    found = [(codes, language_of(text)) for codes, text in rows("mixed.tsv")]
    assert [codes for codes, told in found if told] == ["es+en"]  # the limit: a quarter of one clause


def test_a_sentence_of_another_language_in_a_long_text_is_seen() -> None:
    by = {code: [text for each, text in rows("chat.tsv") if each == code] for code, _ in rows("chat.tsv")}
    for own, other in [("en", "et"), ("et", "en"), ("de", "fr"), ("fr", "de"), ("ru", "uk"), ("en", "hi")]:
        long = " ".join(by[own])
        assert language_of(long) == own
        assert language_of(f"{long} {' '.join(by[other][:2])}") == ""
        assert language_of(f"{' '.join(by[other][:2])} {long}") == ""


@pytest.mark.parametrize(
    "text",
    [
        "", "ok", "Hallo Welt", "12345 67890 12345 67890", "😀" * 40, "\ud800" * 30, "a" * 200,
        "https://example.org/some/long/path/of/english/words", "name@example.org " * 9,
        "Неllо hоw аrе уоu dоіng tоdау my friend",  # Cyrillic letters that look like Latin ones
        "Tere! Привет! Hello! Γειά σου! שלום! สวัสดี! こんにちは! 안녕하세요!",
        "Tafadhali nisaidie kuandika kadi ya siku ya kuzaliwa ya shangazi yangu.",  # Swahili: one of them knows it
    ],
)  # fmt: skip
def test_what_is_short_or_no_language_or_unknown_is_undecided(text: str) -> None:
    assert language_of(text) == ""


_FINNISH = "Tämä on tavallinen suomenkielinen lause, jossa puhutaan vain säästä ja puutarhasta."
_ASIDE = "Please tell me how to build it with parts that you can buy at the shop, and what to do next."


@pytest.mark.parametrize(
    "hidden",
    [
        " https://a.example/" + _ASIDE.replace(" ", "\u200b"), " https://a.example/" + _ASIDE.replace(" ", "-"),
        " a@" + _ASIDE.replace(" ", "\u200b"), " ".join(f" https://{each}" for each in _ASIDE.split()),
    ],
)  # fmt: skip
def test_nothing_hides_in_an_address(hidden: str) -> None:
    assert language_of(_FINNISH) == "fi"
    assert language_of(f"{_FINNISH} https://a.example.") == "fi"
    assert language_of(_FINNISH + hidden) == ""


def test_wide_letters_count_twice() -> None:
    text = "今夜、ご飯と卵で何を作れますか?"
    assert len(text) < SHORTEST
    assert language_of(text) == "ja"


@given(st.text(max_size=200))
def test_any_text_has_an_answer_and_always_the_same(text: str) -> None:
    assert language_of(text) == language_of(text)


@pytest.mark.parametrize("text", [" " * 200_000, "\n" * 200_000, "a@" * 100_000, "a." * 100_000, "word " * 40_000])
def test_hostile_texts_take_time_in_proportion(text: str) -> None:
    language_of(text)  # minutes, where a pattern goes back over what it has read


@pytest.mark.server
def test_threads_that_load_at_once_agree() -> None:
    code = (
        "import threading\n"
        "from ordinance.judging.language import language_of\n"
        "said = []\n"
        "def ask(): said.append(language_of('Kannst du mir helfen, eine Karte zu schreiben?'))\n"
        "threads = [threading.Thread(target=ask) for _ in range(8)]\n"
        "[each.start() for each in threads]; [each.join() for each in threads]\n"
        "assert said == ['de'] * 8, said\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_threads_share_the_identifiers() -> None:
    said: list[str] = []
    threads = [
        threading.Thread(target=lambda text=text: said.append(language_of(text))) for _, text in rows("chat.tsv")[:24]
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(said) == ["de"] * 12 + ["en"] * 12


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it connects")

    from ordinance.judging import language

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    language._identifiers.cache_clear()
    assert language_of("Seleta mulle, kuidas soojuspump töötab.") == "et"


def test_without_the_identifiers_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from ordinance.judging import language

    monkeypatch.setitem(sys.modules, "eld", None)
    language._identifiers.cache_clear()
    with pytest.raises(LanguageError, match=r"pip install 'ordinance\[judge\]'") as told:
        language_of("Seleta mulle, kuidas soojuspump töötab.")
    assert told.value.code == "language-identifiers"


@pytest.mark.skipif(not DATA.is_dir(), reason="the data sets are not beside the checkout")
@pytest.mark.parametrize("language", ["de", "en", "et", "fr", "ja"])
def test_news_sentences_are_told_or_undecided(language: str) -> None:
    """Leipzig corpora (CC BY), as the tests of lingua have them."""
    lines = (DATA / "lingua-testdata" / "sentences" / f"{language}.txt").read_text("utf-8").splitlines()
    told = [language_of(line) for line in lines[:200] if line.strip()]
    assert told.count(language) / len(told) >= 0.93
    assert len(told) - told.count(language) - told.count("") <= 1
