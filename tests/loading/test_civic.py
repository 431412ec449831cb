"""A pack that takes civic speech out of answers does not load, by whatever means, and the error names the entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.loading.civic import is_civic
from ordinance.loading.load import load
from support.bans import REASONABLE, Ban, found
from support.packs import CHARTER, TODAY, all_that_ships, write_charter
from support.plugin_folders import allowed, finds, write_plugin

#: What an adversary wrote who had read how civic speech is protected; each with the code that stops it.
BANS = {
    "words": (Ban(["election", "protest{,s}", "the government"]), "civic-ban"),
    "inflected German": (Ban(["Wahl{,en}", "Regierung", "Demonstrant{en,innen}"]), "civic-ban"),
    "inflected Estonian": (Ban(["valimis{ed,te,tel,i}", "meeleavaldus{ed,te}", "valitsuse{,le,st}"]), "civic-ban"),
    "capitals": (Ban(pattern="ELECTION|PROTEST"), "civic-ban"),
    "classes": (Ban(pattern=r"[Ee][l1][e3]ct[a-z]{2,6}"), "civic-ban"),
    "a wildcard": (Ban(pattern=r"parl.{1,3}ment"), "civic-ban"),
    "a part of words": (Ban(pattern="demo[cnk]"), "civic-ban"),
    "backwards": (Ban(["noitcele", "tnemailrap"], when="answer has lexicon words0 even disguised"), "civic-ban"),
    "rot13": (Ban(["ryrpgvba"], when="answer has lexicon words0 even disguised"), "civic-ban"),
    "joined": (Ban(["primeminister"], when="answer has lexicon words0 even disguised"), "civic-ban"),
    "look-alikes": (Ban(["еlесtiоn"]), "civic-ban"),
    "other scripts' letters": (Ban(["eiection"], when="answer has lexicon words0 even disguised"), "civic-ban"),
    "masked": (Ban(["ombudsman", "petition"], mask=True), "civic-ban"),
    "paragraphs": (Ban(["ballot"], scope="paragraph at most 5000"), "civic-ban"),
    "a common word": (Ban(["they"], scope="sentence at most 500"), "common-word"),
    "full stops": (Ban(pattern="[.] ", scope="paragraph at most 5000"), "civic-ban"),
    "a script": (Ban(when="answer has script is Latn"), "civic-ban"),
    "two words": (
        Ban(
            ["parliament"],
            parts=[["president"]],
            when="answer has both lexicon words0 and lexicon words1 in the same sentence",
        ),
        "civic-ban",
    ),
    "a topic and a word": (
        Ban(
            ["corruption"],
            declared="topic talk from lexicon words0",
            when="answer has any of lexicon words0, topic talk",
        ),
        "civic-ban",
    ),
    "elsewhere": (
        Ban(["referendum"], reaches="place within XA-01, not unknown", given=" given place XA-01"),
        "civic-ban",
    ),
    "minors": (
        Ban(["strike{,s}"], when="answer has lexicon words0 and age below 18", given=" given age 12"),
        "civic-ban",
    ),
    "one purpose": (
        Ban(
            ["censorship"],
            when="answer has lexicon words0 and purpose is general",
            given=" given purpose general",
        ),
        "civic-ban",
    ),
    "next year": (Ban(["coalition"], force="from 2027-06-01"), "civic-ban"),
    "after a trial": (Ban(["opposition"], trial="2027-01-01"), "civic-ban"),
    "with an exception": (
        Ban(["journalist{,s}"], exception="except study under act when purpose is research"),
        "civic-ban",
    ),
    "a house": (Ban(["trade union", "labour"], house=True), "civic-ban"),
    "synonyms": (
        Ban(["voter{,s}", "voted", "balloting", "the cabinet", "Reichstag", "minister", "mayor", "council"]),
        "civic-ban",
    ),
}  # fmt: skip


@pytest.mark.requirement("OB-3")
@pytest.mark.requirement("OB-4")
@pytest.mark.requirement("RL-2")
@pytest.mark.parametrize(("ban", "code"), BANS.values(), ids=BANS)
def test_a_ban_on_civic_words_does_not_load(ban: Ban, code: str, tmp_path: Path) -> None:
    loaded = ban.load(tmp_path)
    assert loaded.compiled is None
    assert code in found(loaded), found(loaded)


def test_the_error_names_rule_entry_place_and_example(tmp_path: Path) -> None:
    loaded = Ban(["badge number", "protest{,s}"]).load(tmp_path)
    (error,) = [item for item in loaded.diagnostics if item.code == "civic-ban"]
    assert (Path(error.file).name, error.line) == ("words0.txt", 3)
    assert error.message == (
        "XA/words1 takes out civic information that the charter guarantees (`civic_information`): `protest{,s}` is in "
        '"Peaceful protest is a right. Protesters may hold demonstrations, marches, rallies, vigils and strikes, and '
        'should tell the authorities where they gather." and 5 more'
    )


def test_every_entry_is_named_at_once(tmp_path: Path) -> None:
    named = found(Ban(["election", "parliament", "quux", "ombudsman"]).load(tmp_path))["civic-ban"]
    assert [message.split("): ")[1].split(" is in")[0] for message in named] == [
        "`election`",
        "`parliament`",
        "`ombudsman`",
    ]


@pytest.mark.parametrize("ban", REASONABLE.values(), ids=REASONABLE)
def test_a_law_about_some_words_loads(ban: Ban, tmp_path: Path) -> None:
    assert not found(ban.load(tmp_path))


def test_what_only_watches_may_look_for_civic_words(tmp_path: Path) -> None:
    """A rule whose law is uncertain stays on trial and takes nothing out."""
    ban = Ban(["election"], uncertain=True, trial="2027-01-01")
    assert not found(ban.load(tmp_path))


def test_civic_words_in_a_longer_phrase_may_be_looked_for(tmp_path: Path) -> None:
    assert not found(Ban(["the election was stolen by lizards"], scope="sentence at most 400").load(tmp_path))


@pytest.mark.server
def test_a_detector_of_a_plugin_is_asked(tmp_path: Path) -> None:
    """It sees the sentences, and what it finds in them counts as what a phrase finds."""
    source = finds(
        "return [(0, len(passage.text))] if 'ombudsman' in passage.folded or 'zzqx' in passage.folded else []"
    )
    plugin = allowed(write_plugin(tmp_path / "plugin", source))
    pack = Ban(when="answer has detector acme.word").write(tmp_path / "pack")
    errors = found(load([pack], plugins=[plugin], on=TODAY))
    (message,) = errors["civic-ban"]
    assert "what `detector acme.word` finds is in" in message
    assert "ombudsman" in message


@pytest.mark.server
def test_a_detector_that_fails_on_it_says_nothing(tmp_path: Path) -> None:
    source = finds("return [(0, 4)] if 'zzqx' in passage.folded else [] if len(passage.text) < 10 else 1 / 0")
    plugin = allowed(write_plugin(tmp_path / "plugin", source))
    pack = Ban(when="answer has detector acme.word").write(tmp_path / "pack")
    errors = found(load([pack], plugins=[plugin], on=TODAY))
    assert "civic-ban" not in errors
    assert any("whether XA/words1 takes out civic information" in message for message in errors["example-fault"])


def test_each_shipped_language_has_each_subject() -> None:
    """The guarantee speaks of the same things in each language; a stem of each stands for its subject."""
    loaded = all_that_ships()
    assert loaded.policy is not None
    rules = {rule.id: rule for rule in loaded.policy.rules}
    texts = [each.answer or "" for each in loaded.policy.examples if is_civic(rules[each.rule], each)]
    whole = " ".join(texts).lower()
    assert len(texts) == 3 * 18 + 12 * 6
    stems = {
        "en": "election vote protest government party opposition press court complain right minister strike",
        "de": "wahl wählen protest regierung partei opposition presse gericht beschwer recht minister streik",
        "et": "valimi hääleta protest valitsus erakon opositsioon ajakirjandus koh kaeb õigus minist rahva streik",
        "fr": "élections scrutin manifest gouvernement partis opposition presse tribunal plainte droit ministre grève",
        "it": "elezioni voto manifest governo partiti opposizione stampa tribunale reclamo diritt ministro scioper",
        "es": "elecciones voto protest gobierno partidos oposición prensa tribunal queja derecho ministro huelga",
        "fi": "vaalit äänest mielenosoit hallitus puolue oppositio lehdistö oikeu kannella oikeus ministeri lako",
        "pl": "wybory głosowanie protest rząd partie opozycja prasa sądu skargę praw ministrowi strajk",
        "pt": "eleições voto protest governo partidos oposição imprensa tribunal queixa direito ministro greve",
        "nl": "verkiezingen stemm protest regering partijen oppositie pers rechter klacht recht minister staking",
        "ja": "選挙 投票 抗議 政府 政党 野党 報道 裁判所 苦情 権利 大臣 ストライキ",
        "ko": "선거 투표 시위 정부 정당 야당 언론 법원 민원 권리 장관 파업",
        "hi": "चुनाव मतदान विरोध सरकार दल विपक्ष प्रेस न्यायालय शिकायत अधिकार मंत्री हड़ताल",
        "ar": "الانتخابات التصويت الاحتجاج الحكومة الأحزاب المعارضة الصحافة المحكمة شكوى حق وزير الإضرابات",
        "zh": "选举 投票 抗议 政府 政党 反对党 新闻 法院 投诉 权利 部长 罢工",
    }
    for words in stems.values():
        assert not [word for word in words.split() if word not in whole]


def test_a_charter_of_one_s_own_guarantees_what_it_writes(tmp_path: Path) -> None:
    """The guarantee is the charter's; the examples of another charter hold as those of the one that ships."""
    charter = CHARTER.replace(
        'example passes answer "Am Sonntag',
        'example passes answer "The frobnicator is open." example passes answer "Am Sonntag',
    )
    write_charter(tmp_path / "charter", charter)
    pack = Ban(["frobnicator"]).write(tmp_path / "XA")
    errors = found(load([tmp_path / "charter", pack], on=TODAY))
    assert '`frobnicator` is in "The frobnicator is open."' in errors["civic-ban"][0]
