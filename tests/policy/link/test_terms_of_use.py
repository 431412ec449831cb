"""A house's terms of use: a link in its bylaw, which notices and the register write."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.authoring.comparison import diff
from ordinance.authoring.register.entries import register
from ordinance.authoring.register.markdown import to_markdown
from ordinance.authoring.register.wording import Wording, words_in
from ordinance.language.format import format_source
from ordinance.language.source import Source
from ordinance.loading.load import Loaded
from ordinance.policy.vocabulary import MARKER
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.packs import TODAY, load_on

HOUSE = """house desk 1.0.0 under charter baseline 1
title "A desk"

bylaw rules {
  title "Desk rules"
  adopted by "The office" on 2026-09-01
  terms "https://desk.example/terms"
}

notice start { en "The terms of this desk are at {terms} and they hold here ({law})." }

section 1 "Terms" {
  say 1.1 start {
    means   "People are told which terms hold."
    at      first answer of conversation
    under   rules
    telling start
    example fires answer "Hello." given turn 1
    example quiet answer "Hello."
  }
}
"""
NOTICE = "The terms of this desk are at https://desk.example/terms and they hold here (Desk rules)."


def packed(folder: Path, old: str = "", new: str = "") -> Loaded:
    assert old in HOUSE
    folder.mkdir(exist_ok=True)
    (folder / "desk.ord").write_text(HOUSE.replace(old, new, 1), "utf-8")
    return load_on(folder / "desk.ord")


def said(loaded: Loaded, *pieces: str) -> str:
    stream = Session(loaded.plan, situate(loaded.plan, jurisdiction=None, turn=1, on=TODAY), "en").stream()
    return "".join(map(stream.feed, pieces)) + stream.close()


@pytest.mark.semantics(17)
def test_a_notice_links_to_them_and_a_model_cannot_write_it_itself(tmp_path: Path) -> None:
    loaded = packed(tmp_path)
    assert [item for item in loaded.diagnostics if item.severity == "error"] == []
    assert said(loaded, "Hello.") == f"{NOTICE}\n\nHello."
    text = f"Hello.\n\n{NOTICE}"
    whole = said(loaded, text)
    assert MARKER in whole
    assert whole.count(NOTICE) == 1
    assert said(loaded, *text) == whole
    assert {said(loaded, text[:at], text[at:]) for at in range(1, len(text), 7)} == {whole}


def test_the_register_and_a_comparison_show_them(tmp_path: Path) -> None:
    one, two = packed(tmp_path / "1"), packed(tmp_path / "2", "example/terms", "example/terms-2")
    assert one.policy is not None
    assert two.policy is not None
    page = to_markdown(register(one.plan, one.policy, Wording.of("en", words_in("en"), one.policy), TODAY))
    assert "Terms of use" in page
    assert "https://desk.example/terms" in page
    assert [each.what for each in diff(one.policy, two.policy).changes] == [
        "the link to the terms of rules has changed"
    ]
    text = format_source(Source(Path("desk.ord"), "desk.ord", HOUSE), "pack")
    assert text is not None
    assert '  terms "https://desk.example/terms"\n}\n' in text


@pytest.mark.parametrize(
    ("old", "new", "code", "message", "help"),
    [
        ('  terms "https://desk.example/terms"\n', "", "notice-unresolved", "{terms}", 'Write `terms "https://…"`'),
        ("https://desk.example/terms", "desk.example", "contact-value", "not a link", "https://house.example/terms"),
        ('terms "https://desk.example/terms"', "terms rules", "syntax", "found `rules`", "quotes"),
        ("title \"Desk rules\"", 'terms "https://desk.example/t" title "Desk rules"', "syntax", "found `terms`",
         "terms? }"),
    ],
)  # fmt: skip
def test_a_mistake_says_what_to_write(old: str, new: str, code: str, message: str, help: str, tmp_path: Path) -> None:
    found = [item for item in packed(tmp_path, old, new).diagnostics if item.code == code]
    assert found
    assert message in found[0].message
    assert help in found[0].help
