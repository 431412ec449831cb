"""``ordinance print``: what the public reads holds every rule, and nothing of what a rule looks for."""

from __future__ import annotations

import hashlib
import json
import os
import re
from base64 import b64encode
from datetime import date
from html import escape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ordinance.authoring.register.document import Document, Table
from ordinance.authoring.register.entries import register
from ordinance.authoring.register.html import to_html
from ordinance.authoring.register.markdown import to_markdown
from ordinance.authoring.register.overview import Published
from ordinance.authoring.register.wording import Wording, languages, words_from, words_in
from ordinance.detection import Expressions
from ordinance.errors import UsageError
from ordinance.loading.load import Loaded, load
from ordinance.loading.packs import shipped_rules
from support.checkout import CASES, ROOT
from support.commands import run, run_here
from support.packs import JURISDICTION, TODAY, all_that_ships, load_on, write_jurisdiction

FOLDER = CASES / "register"
OFFICE = """\
house office 1.0.0 under charter baseline 1
title "Office"
zone "Europe/Berlin"

notice no_adapter {
  de "Es gibt hier keinen Adapter für die Sprache."
  en "There is no adapter for the language here."
}

speak {
  spelling de-CH
  numbers  de-CH
  address  formal
  rewrite  spelling, numbers
  without adapter decline telling no_adapter
  on miss ask once more
}
"""
VOID = frozenset({"meta", "input"})


@pytest.fixture(scope="module")
def shipped() -> Loaded:
    return all_that_ships()


def document(loaded: Loaded, language: str = "en", on: date = TODAY) -> Document:
    assert loaded.policy is not None
    return register(loaded.plan, loaded.policy, Wording.of(language, words_in(language), loaded.policy), on)


class Strict(HTMLParser):
    """Every element is closed in its turn, every id is used once, every reference leads somewhere in the page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert len(given) == len(attrs)
        self.seen.append((tag, given))
        self.ids += [given["id"]] if "id" in given else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & set(self.open):
            self.text.append(data)


def read(page: str) -> Strict:
    parser = Strict()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


@pytest.mark.parametrize("language", ["de", "en", "et"])
@pytest.mark.parametrize("form", ["html", "md"])
def test_golden(language: str, form: str, tmp_path: Path) -> None:
    """The register of a small deployment, read by hand; written anew with ORDINANCE_GOLDEN=write."""
    loaded = load_on(write_jurisdiction(tmp_path), shipped_rules() / "jurisdictions" / "DE")
    page = document(loaded, language)
    text = to_html(page) if form == "html" else to_markdown(page)
    text = text.replace(loaded.plan.digest, "0" * 64)
    golden = FOLDER / f"register.{language}.{form}"
    if os.environ.get("ORDINANCE_GOLDEN") == "write":
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


@pytest.mark.requirement("TR-7")
@pytest.mark.parametrize("language", ["de", "en", "et"])
def test_nothing_that_a_rule_looks_for(language: str, shipped: Loaded) -> None:
    """No phrase of a lexicon, no pattern, no canary, no example, in any form of the document."""
    page = document(shipped, language)
    for text in (to_html(page), to_markdown(page)):
        folded = text.casefold()

        def has(words: str, folded: str = folded) -> bool:
            # Most words are not even a part of a word there, and a pattern takes long to compile.
            words = words.casefold()
            return words in folded and re.search(rf"\b{re.escape(words)}\b", folded) is not None

        assert "ordinance-canary" not in folded
        for prepared in shipped.plan.detectors.values():
            if isinstance(prepared, Expressions):
                assert not [phrase for phrase in prepared.phrases if has(phrase)]
        for unit in shipped.policy.units if shipped.policy else ():
            lines = [line for source in unit.lexicons.values() for line, _ in source.phrases()]
            assert not [line for line in lines if has(line)]
        for detector in shipped.policy.detectors if shipped.policy else ():
            if detector.kind == "pattern":
                assert detector.declaration.arguments[0] not in text
        examples = {e.answer or e.prompt for e in shipped.policy.examples} if shipped.policy else set()
        assert not [example for example in examples if example and example in text]


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.sampled_from(['means   "', 'quote act "']))
def test_a_text_of_the_pack_that_holds_it_is_left_out(tmp_path_factory: pytest.TempPathFactory, where: str) -> None:
    """Where an author may write what the rule withholds, the document does not repeat it, and says so. What a notice
    would show does not load (``test_shields``)."""
    spoiled = JURISDICTION.replace(where, f"{where}X123 secret words ", 1)
    loaded = load_on(write_jurisdiction(tmp_path_factory.mktemp("spoiled"), spoiled))
    page = document(loaded)
    for text in (to_html(page), to_markdown(page)):
        assert "secret words" not in text.casefold()
        assert "X123" not in text
        assert "This text is not printed" in text


def test_it_holds_every_rule_law_and_contact(shipped: Loaded) -> None:
    plan = shipped.plan
    text = to_html(document(shipped, "de"))
    for rule in plan.rules:
        assert f"§ {rule.number}" in text
        if rule.law:
            assert escape(rule.law.shown.full.get("de", rule.law.article)) in text
            assert rule.law.source in text
        assert all(exemption.law.article in text for exemption in rule.exemptions if exemption.law)
    assert all(contact.value in text for contact in plan.contacts)
    assert plan.digest in text
    assert "Kennzeichen verfassungswidriger Organisationen" in text
    assert "Sie interagieren mit einem KI-System." in text


def test_it_says_what_does_not_apply_now(shipped: Loaded) -> None:
    assert "not yet in force" in to_markdown(document(shipped, on=date(2026, 8, 1)))
    assert "not yet in force" not in to_markdown(document(shipped, on=date(2026, 8, 2)))


def test_the_page_stands_by_itself(shipped: Loaded) -> None:
    """Strictly nested, one heading a level, a language and direction for every part, nothing loaded from elsewhere."""
    page = to_html(document(shipped, "et"))
    parser = read(page)
    tags = [tag for tag, _ in parser.seen]
    assert parser.seen[0] == ("html", {"lang": "et", "dir": "ltr"})
    assert tags.count("h1") == tags.count("main") == tags.count("title") == 1
    assert len(parser.ids) == len(set(parser.ids))
    assert tags.count("script") == 1  # see ``test_its_only_script``
    assert not {"link", "img", "iframe", "object", "embed", "base", "form"} & set(tags)
    assert "@import" not in page
    assert "url(" not in page
    assert "default-src 'none'" in page
    for tag, has in parser.seen:
        assert not {"src", "srcset", "style", "onclick"} & has.keys()
        if "href" in has:
            assert tag == "a"
            assert has["href"].startswith(("#", "https://", "tel:"))
            assert not has["href"].startswith("#") or has["href"][1:] in parser.ids
        if "aria-labelledby" in has:
            assert has["aria-labelledby"] in parser.ids
        assert "lang" not in has or has.get("dir") in ("ltr", "rtl")
        assert tag != "th" or has["scope"] in ("col", "row")
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_its_only_script_is_the_one_that_its_policy_allows(shipped: Loaded) -> None:
    page = to_html(document(shipped))
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    allowed = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{allowed}'" in page
    assert not re.search(r"fetch|XMLHttp|innerHTML|eval|import", script)


def test_each_rule_has_an_anchor_and_the_places_in_which_it_applies(shipped: Loaded) -> None:
    """The anchor is the id by which answers name the rule; what applies everywhere names no place."""
    parser = read(to_html(document(shipped)))
    entries = {
        has["id"]: has.get("data-at", "").split() for tag, has in parser.seen if tag == "article" and "id" in has
    }
    assert entries.keys() == {rule.id for rule in shipped.plan.rules}
    assert entries["baseline/violence"] == []
    assert entries["DE/symbols"] == ["DE"]
    assert {"EU", "DE", "EE"} <= set(entries["EU/machine"])
    assert "US" not in entries["EU/machine"]
    options = [has["value"] for tag, has in parser.seen if tag == "option"]
    assert sorted(options) == sorted(["", *shipped.plan.parents])


def test_contacts_and_statutes_of_other_places_are_known_by_theirs(shipped: Loaded) -> None:
    """Contacts of a part are shown in the whole, and those of the whole in its parts."""
    page = document(shipped)
    tables = {part.caption: part for each in page.sections for part in each.parts if isinstance(part, Table)}
    crisis = tables["Crisis and advice"]
    shown = {row[1].words: set(at) for row, at in zip(crisis.rows, crisis.row_places, strict=True)}
    assert shown["0120-279-226"] == {"JP"}
    assert {"US", "US-CA", "US-NY"} <= shown["988"]
    assert set(tables["Strafgesetzbuch (Germany (DE))"].places) == {"DE"}


def test_changes_since_a_day(shipped: Loaded) -> None:
    assert shipped.policy is not None
    wording = Wording.of("de", words_in("de"), shipped.policy)

    def changes(since: date) -> list[tuple[str, str, str]]:
        page = register(shipped.plan, shipped.policy, wording, TODAY, Published(since=since))  # type: ignore[arg-type]
        (found,) = [each for each in page.sections if each.id == "changes"]
        rows = [row for part in found.parts if isinstance(part, Table) for row in part.rows]
        return [(row[0].words, row[1].words, row[3].link) for row in rows]

    assert changes(date(2026, 8, 1))[0] == ("2. August 2026", "in Kraft", "#EU/machine")
    assert ("2. August 2026", "in Kraft", "#EU/machine") not in changes(date(2026, 8, 2))
    assert ("27. Juli 2026", "geändert durch Regulation (EU) 2026/1744", "#EU/synthetic_text") in changes(
        date(2026, 7, 26)
    )
    assert changes(date(2030, 1, 1)) == []
    assert "changes" not in {each.id for each in document(shipped).sections}


@pytest.mark.requirement("HO-1")
def test_it_says_who_offers_the_service_and_how_to_object(shipped: Loaded) -> None:
    assert shipped.policy is not None
    wording = Wording.of("et", words_in("et"), shipped.policy)
    given = Published(operator="Linn <Z>", contact="https://z.example/vaie")
    text = to_html(register(shipped.plan, shipped.policy, wording, TODAY, given))
    assert "Linn &lt;Z&gt;" in text
    assert '<a href="https://z.example/vaie">' in text
    assert "Kuidas vaidlustada" in to_html(document(shipped, "et"))
    mail = to_html(register(shipped.plan, shipped.policy, wording, TODAY, Published(contact="a@z.example")))
    assert 'href="mailto:a@z.example"' in mail


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "2. August 2026"),
        ("et", "2.8.2026"),
        ("fi", "2. elokuuta 2026"),
        ("ko", "2026년 8월 2일"),
        ("es", "2 de agosto de 2026"),
    ],
)
def test_days_are_written_as_the_language_does(language: str, said: str, shipped: Loaded) -> None:
    text = to_markdown(document(shipped, language))
    assert said in text
    assert "2026-11-01" not in text  # the day on which most laws were seen


def test_no_name_of_the_source_is_left_on_a_german_page(shipped: Loaded) -> None:
    """Names of rules, dimensions, values and exceptions are for authors."""
    text = to_markdown(document(shipped, "de"))
    for name in (
        "machine readable",
        "emergency help",
        "civic purposes",
        "placed on market",
        "not read",
        "companion chat",
        " yes",
    ):
        assert name not in text


@pytest.mark.parametrize("language", ["de", "et"])
def test_no_english_is_left_of_all_that_ships(language: str) -> None:
    """Of every pack, houses too: only the name of the language English, and in Estonian what is quoted of a law."""
    page = to_html(document(load([shipped_rules()]), language))
    left = re.findall(r'lang="en"[^>]*>([^<]*)', page)
    quoted = "… the natural persons concerned are informed that they are interacting with an AI system …"
    assert [words for words in left if words != quoted or language == "de"] == ["English"]


def test_a_citation_that_is_not_in_the_documents_language_is_marked_with_its_own() -> None:
    """Of a law, of a house's rule, and of whom to turn to. A title in every language has none of its own."""
    page = to_html(document(load([shipped_rules()]), "fr"))
    for words in (
        "California Business and Professions Code § 22602(a) (Californie)",
        "Privacy rules of the example office",
        "Complaints desk of the example office: https://office.example/complaints",
    ):
        assert set(re.findall(r"<(\w+[^>]*)>" + re.escape(words), page)) == {'span lang="en" dir="ltr"'}


def test_how_to_speak_is_said_in_words_of_the_language(tmp_path: Path) -> None:
    """What is rewritten, asked for once more, and said where no adapter is there: all in German."""
    (tmp_path / "office.ord").write_text(OFFICE, "utf-8")
    rules = ROOT / "rules"
    loaded = load_on(rules / "charter", rules / "languages" / "de", tmp_path / "office.ord")
    text = to_markdown(document(loaded, "de"))
    assert "Rechtschreibung, Zahlen | Antworten werden in diese Form gebracht | immer | office" in text
    assert "eine Antwort, die nicht so gesprochen ist | wird noch einmal erfragt | immer | office" in text
    assert "kein Adapter für die Sprache | es wird nicht geantwortet | immer | office" in text


def luminance(colour: str) -> float:
    full = "".join(digit * 2 for digit in colour) if len(colour) == 3 else colour
    parts = [int(full[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_contrast(shipped: Loaded) -> None:
    """WCAG 2.2 AAA for text (7:1) on both grounds, and 3:1 for lines, in the light and in the dark."""
    style = to_html(document(shipped)).partition("<style>")[2].partition("</style>")[0]
    themes = re.findall(r"\{[^{}]*(--ink:[^{}]*)\}", style)
    assert len(themes) == 2
    for theme in themes:
        colours = {name: luminance(value) for name, value in re.findall(r"--(\w+): #([0-9a-f]{3,6})", theme)}
        for ground in ("paper", "soft"):
            for ink, least in (("ink", 7), ("link", 7), ("line", 3)):
                light, dark = sorted((colours[ink], colours[ground]), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= least, (ink, ground)


@pytest.mark.server
def test_a_translation_from_a_file_and_right_to_left(tmp_path: Path) -> None:
    """Another language is a file of words; its direction follows its script, and so does each part's."""
    words = {key: f"م {value}" for key, value in words_in("en").items()}
    (tmp_path / "ar.json").write_text(json.dumps(words), "utf-8")
    result = run("print", "--language", "ar", "--words", tmp_path / "ar.json", "rules/jurisdictions/DE", cwd=ROOT)
    assert result.returncode == 0, result.stderr
    parser = read(result.stdout)
    assert parser.seen[0] == ("html", {"lang": "ar", "dir": "rtl"})
    assert ("span", {"lang": "en", "dir": "ltr"}) in parser.seen
    assert "inset-inline-start" in result.stdout
    assert not re.search(r"(margin|padding|border)-(left|right)|text-align: (left|right)", result.stdout)


@pytest.mark.parametrize("language", languages())
def test_the_words_are_whole(language: str) -> None:
    """Every language has the same words, with the same places to fill, and each is used."""
    english, words = words_in("en"), words_in(language)
    assert words.keys() == english.keys()
    places = {key: set(re.findall(r"\{\w+\}", value)) for key, value in english.items()}
    found = {key: set(re.findall(r"\{\w+\}", value)) for key, value in words.items()}
    assert found | {"date": places["date"]} == places
    assert found["date"] - {"{month}", "{m}"} == {"{y}", "{d}"}
    assert len(words["months"].split("|")) == 12
    code = "".join(path.read_text("utf-8") for path in (ROOT / "engine/ordinance/authoring/register").glob("*.py"))
    families = (
        "dimension.",
        "value.",
        "group.",
        "within.",
        "extent.",
        "occasion.",
        "address.",
        "state.",
        "often.",
        "kind.",
        "change.",
        "slot.",
    )
    unused = [
        key for key in words if not re.search(f"[\"']{re.escape(key)}[\"']", code) and not key.startswith(families)
    ]
    assert [key for key in unused if key.removesuffix(".about") not in ("never", "left_out", "added")] == []


def test_markdown_signs_are_words(tmp_path: Path) -> None:
    spoiled = JURISDICTION.replace(
        "The words are not said.", "*The* [words](https://x.example) | `are` <b>not</b> said."
    )
    loaded = load_on(write_jurisdiction(tmp_path, spoiled))
    text = to_markdown(document(loaded))
    assert r"\*The\* \[words\](https://x.example) \| \`are\` \<b\>not\</b\> said." in text
    assert "&lt;b&gt;not&lt;/b&gt;" in to_html(document(loaded))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--language", "lv"), 2, "do not ship in 'lv' (they do in ar, de, en, es, et, fi, fr"),
        (("--words", "nowhere.json"), 2, "nowhere.json cannot be read"),
        (("--words", "bad.json"), 2, "bad.json has no words for"),
        (("--words", "."), 2, "cannot be read"),
        (("--format", "pdf"), 2, "invalid choice"),
        (("nowhere",), 2, "error[unreadable]"),
        (("wrong.ord",), 1, "error[policy]"),
    ],
)
def test_usage(words: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"title": "x"}', "utf-8")
    (tmp_path / "wrong.ord").write_text("jurisdiction ZZ 1.0.0 under charter nobody 1", "utf-8")
    result = run_here("print", *words, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (code, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_translation_must_keep_the_places(tmp_path: Path) -> None:
    words = {**words_in("en"), "as_of": "On a day"}
    with pytest.raises(UsageError, match="'as_of' does not contain the same names in braces"):
        words_from(json.dumps(words), "x.json", "en")
    with pytest.raises(UsageError, match="is not JSON"):
        words_from("{", "x.json", "en")
    with pytest.raises(UsageError, match="not a JSON object of texts"):
        words_from('{"title": 3}', "x.json", "en")
