"""Plugins in a policy: a pack asks one, and it is found on a stream; what is wrong with one stops the load."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.errors import PluginError
from ordinance.loading.load import Loaded, load
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.budget import Budget
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import MARKER, Verdict
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.allowing import MANIFEST, allowed, write_plugin
from support.packs import JURISDICTION, TODAY, write_asking, write_charter, write_jurisdiction

pytestmark = pytest.mark.server
BUDGET = Budget(seconds=5, processes=1)

CODE = """\
from ordinance.plugin import Candidates, Expressions, Pattern, Segments, Unconfigured, hookimpl

@hookimpl
def detector(asked, settings):
    if asked.name == "acme.codes":
        if "??" in asked.arguments:
            raise ValueError("there is no country `??`")
        def accepts(passage):
            return passage.folded[:2] in [each.lower() for each in asked.arguments or ("ee",)]
        return Candidates((Pattern(r"\\b[A-Z]{2}-[0-9]{4}\\b", any_case=True),), accepts)
    if asked.name == "acme.loud":
        return Segments(lambda passage: [(0, len(passage.text))] if passage.text.isupper() else [])
    if asked.name == "acme.words":
        return Expressions(phrases=("blue bird",), patterns=(Pattern("SHELF-[0-9]{4}"),))
    if asked.name == "acme.model":
        return Unconfigured("set `model`")
"""
OFFERS = MANIFEST.replace(
    '"detector acme.codes"', ", ".join(f'"detector acme.{name}"' for name in ("codes", "loud", "words", "model"))
)


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Plugin:
    return allowed(write_plugin(tmp_path_factory.mktemp("acme") / "acme", CODE, OFFERS))


def loaded(tmp_path: Path, plugin: Plugin, asks: str, red: str = "") -> Loaded:
    return load(write_asking(tmp_path, asks, red=red), plugins=[plugin], on=TODAY, budget=BUDGET)


def answer(plan: Plan, text: str, size: int = 1000) -> tuple[str, Session]:
    session = Session(plan, situate(plan, jurisdiction="XA", on=TODAY), "en")
    stream = session.stream()
    released = "".join(stream.feed(text[at : at + size]) for at in range(0, len(text), size)) + stream.close()
    return released, session


@pytest.mark.parametrize(
    ("asks", "said", "secret"),
    [
        ("detector acme.codes", "See EE-1234 there, not PL-1234.", "EE-1234"),
        ('detector acme.codes ("PL", "FI")', "See PL-1234 there, not EE-1234.", "PL-1234"),
        ("detector acme.loud", "Quiet first. THEN LOUD! Then quiet.", "THEN LOUD! "),
        ("detector acme.words", "A blue bird sings.", "blue bird"),
        ("detector acme.words", "See SHELF-1234 there.", "SHELF-1234"),
    ],
)
def test_what_a_plugin_finds_is_withheld_on_a_stream(
    asks: str, said: str, secret: str, acme: Plugin, tmp_path: Path
) -> None:
    plan = loaded(tmp_path, acme, asks).plan
    before, _, after = said.partition(secret)
    for size in (1, 3, 1000):
        released, session = answer(plan, said, size)
        assert released.startswith(f"{before}{MARKER}{after}\n\n"), released
        outcome = session.outcome()
        assert (outcome.verdict, outcome.rules, outcome.failed) == (Verdict.WITHHOLD, ("XA/words",), ())


def test_an_argument_that_a_plugin_does_not_know_is_shown_where_the_pack_has_it(acme: Plugin, tmp_path: Path) -> None:
    """Its help was to ask the plugin's authors, of what the pack's author can mend."""
    with pytest.raises(PluginError) as raised:
        loaded(tmp_path, acme, 'detector acme.loud, detector acme.codes ("EE"), detector acme.codes ("??")')
    file, line, _ = raised.value.message.split(":", 2)
    assert '("??")' in Path(file).read_text("utf-8").splitlines()[int(line) - 1]
    assert "raised ValueError: there is no country `??`" in raised.value.message
    assert raised.value.help.startswith("Correct what is in parentheses after `acme.codes` in the pack")


def test_a_candidate_is_found_in_disguise(acme: Plugin, tmp_path: Path) -> None:
    """W8: plugins saw raw text, and full-width digits and zero-width characters passed them."""
    plan = loaded(tmp_path, acme, "detector acme.codes").plan
    for written in ("EE-1234", "ＥＥ-１２３４", "E\u200bE-12\u200b34", "ee-1234"):
        assert answer(plan, f"See {written} there.")[0].startswith(f"See {MARKER} there.\n\n"), written


def test_a_policy_names_the_plugins_that_take_part(acme: Plugin, tmp_path: Path) -> None:
    plan = loaded(tmp_path, acme, "detector acme.codes").plan
    assert [each.report()["state"] for each in plan.attached] == ["ready"]
    _, session = answer(plan, "Hello.")
    assert session.metadata()["plugins"] == session.record()["plugins"] == ["acme-ordinance 1.2.0"]
    other = Session(plan, situate(plan, jurisdiction=None, on=TODAY), "en")
    assert "plugins" not in other.metadata(), "no rule in force asks it"


def test_an_unknown_detector_names_the_setting(acme: Plugin, tmp_path: Path) -> None:
    (found,) = [item for item in loaded(tmp_path, acme, "detector acme.code").diagnostics if item.severity == "error"]
    assert (found.code, found.help) == ("detector-missing", "Did you mean `acme.codes`?")
    nobody = load(write_asking(tmp_path / "2", "detector acme.codes"), on=TODAY)
    (found,) = [item for item in nobody.diagnostics if item.severity == "error"]
    assert "`plugins`" in found.help


def test_one_that_is_not_set_up_is_struck_out_but_stops_a_red_line(acme: Plugin, tmp_path: Path) -> None:
    asked = loaded(tmp_path, acme, "detector acme.model")
    assert [item.severity for item in asked.diagnostics if item.code == "detector-unconfigured"] == ["warning"]
    assert {each.test for each in asked.plan.struck} == {"detector acme.model"}
    red = loaded(tmp_path / "red", acme, "detector acme.codes", "detector acme.model")
    assert [item.code for item in red.diagnostics if item.severity == "error"] == ["red-line-unconfigured"]


def test_a_plugin_that_nothing_asks_does_not_run_and_changes_nothing(tmp_path: Path) -> None:
    """W2, W6."""
    marks = tmp_path / "marks"
    marks.mkdir()
    code = f"open({str(marks / 'ran')!r}, 'w')\nraise SystemExit(0)\n"
    plugin = allowed(write_plugin(tmp_path / "acme", code), folder=str(marks))
    packs = write_asking(tmp_path, "topic talk")
    packs[1].write_text(JURISDICTION, "utf-8")
    with_it = load(packs, plugins=[plugin], on=TODAY, budget=BUDGET)
    assert with_it.plan.digest == load(packs, on=TODAY).plan.digest
    assert not list(marks.iterdir())


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("raise SystemExit(0)", "import"),
        ("import os; os._exit(0)", "import"),
        ("while True: pass", "import"),
        ("from ordinance.plugin import hookimpl\n@hookimpl\ndef detector(asked): raise SystemExit(0)", "`detector`"),
        ("from ordinance.plugin import hookimpl\n@hookimpl\ndef detector(asked):\n    while True: pass", "`detector`"),
        ("from ordinance.plugin import hookimpl\n@hookimpl\ndef detector(asked): return 5", "`detector`"),
    ],
)
def test_what_a_plugin_does_at_its_start_stops_the_load_with_its_name(code: str, cause: str, tmp_path: Path) -> None:
    """W3, W4: `check` printed nothing and exited 0, or hung for ever."""
    plugin = allowed(write_plugin(tmp_path / "acme", code))
    with pytest.raises(PluginError) as raised:
        load(write_asking(tmp_path, "detector acme.codes"), plugins=[plugin], on=TODAY, budget=Budget(1, 1, start=2))
    assert "acme-ordinance" in raised.value.message
    assert cause in raised.value.message
    assert raised.value.help


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('Expressions(phrases=("\\u200d",))', "is empty"),
        ('Expressions(patterns=(Pattern("a+"),))', "no upper bound"),
        ('Candidates((Pattern("a*"),), bool)', "no upper bound"),
        ('Candidates((Pattern("a"),), bool, 1001)', "`before` is more than 1000"),
        ("Segments(list, 501)", "`overlap` is more than 500"),
        ("None", "gives nothing"),
    ],
)
def test_what_the_engine_cannot_look_for_is_the_plugins_fault(given: str, said: str, tmp_path: Path) -> None:
    """It was told as a finding in the pack, or as a defect of ours."""
    code = (
        "from ordinance.plugin import Candidates, Expressions, Pattern, Segments, hookimpl\n"
        f"@hookimpl\ndef detector(asked): return {given}\n"
    )
    with pytest.raises(PluginError) as raised:
        load(
            write_asking(tmp_path, "detector acme.codes"),
            plugins=[allowed(write_plugin(tmp_path / "acme", code))],
            on=TODAY,
        )
    told = raised.value.message
    assert "acme-ordinance" in told
    assert "`detector`" in told
    assert "acme.codes" in told
    assert said in told


@pytest.mark.slow
def test_proofs_during_which_a_process_is_ended_are_made_once_more(tmp_path: Path) -> None:
    """A reload failed for it, and the old policy stayed until somebody reloaded again."""
    writes = tmp_path / "writes"
    writes.mkdir()
    dies = f"""\
import os, pathlib
from ordinance.plugin import Segments, hookimpl

def find(passage):
    if not (flag := pathlib.Path({str(writes)!r}) / "flag").exists():
        flag.touch()
        os.kill(os.getpid(), 9)
    return []

@hookimpl
def detector(asked):
    return Segments(find)
"""
    plugin = allowed(write_plugin(tmp_path / "acme", dies), folder=str(writes))
    found = loaded(tmp_path, plugin, "detector acme.codes", red="detector acme.codes")
    assert (writes / "flag").exists(), "it was ended"
    assert "example-fault" not in [each.code for each in found.diagnostics]


def test_the_digest_covers_what_is_asked_its_files_and_its_settings(tmp_path: Path) -> None:
    """W5, W6: one digest was two behaviours."""
    manifest = MANIFEST + '[settings.size]\ntype = "whole number"\ndescription = "Size."\ndefault = 5\n'
    head = "from ordinance.plugin import Expressions, hookimpl\n@hookimpl\n"
    code = head + 'def detector(asked): return Expressions(("aaaa",))\n'
    folder = write_plugin(tmp_path / "acme", code, manifest)
    packs = write_asking(tmp_path, "detector acme.codes")

    def digest(**more: object) -> str:
        return load(packs, plugins=[allowed(folder, **more)], on=TODAY, budget=BUDGET).plan.digest

    first = digest()
    assert digest(settings={"size": 5}) == first
    assert digest(settings={"size": 6}) != first
    (folder / "acme_ordinance" / "__init__.py").write_text(code.replace("aaaa", "bbbb"), "utf-8")
    assert digest() != first


def test_the_name_of_a_plugin_stands_for_its_packs(tmp_path: Path) -> None:
    manifest = 'api = 1\nvendor = "acme"\npacks = ["XA/XA.ord"]\n'
    written = write_jurisdiction(tmp_path / "written")
    files = {
        f"XA/{path.relative_to(written.parent)}": path.read_text("utf-8")
        for path in written.parent.rglob("*")
        if path.is_file()
    }
    plugin = allowed(write_plugin(tmp_path / "acme", "raise SystemExit(0)", manifest, files=files))
    charter = write_charter(tmp_path / "charter")
    plan = load([charter, "Acme_Ordinance"], plugins=[plugin], on=TODAY).plan
    assert "XA" in [each.name for each in plan.packs]
    with pytest.raises(PluginError, match="contains no packs"):
        load(["acme-ordinance"], plugins=[allowed(write_plugin(tmp_path / "other"))], on=TODAY)


@pytest.mark.parametrize("by_path", [False, True], ids=["by its name", "by a path"])
def test_a_plugin_cannot_bring_the_charter(by_path: bool, tmp_path: Path) -> None:
    """What it could bring in the place of the one that ships is one with fewer red lines."""
    charter = write_charter(tmp_path / "written").parent
    files = {
        f"packs/{path.relative_to(charter)}": path.read_text("utf-8") for path in charter.rglob("*") if path.is_file()
    }
    manifest = 'api = 1\nvendor = "acme"\npacks = ["packs/charter.ord"]\n'
    folder = write_plugin(tmp_path / "acme", "", manifest, files=files)
    jurisdiction = write_jurisdiction(tmp_path / "XA")
    named = folder / "acme_ordinance" / "packs" if by_path else "acme-ordinance"
    with pytest.raises(PluginError) as raised:
        load([named, jurisdiction], plugins=[allowed(folder)], on=TODAY)
    assert "acme-ordinance 1.2.0 contains a charter" in raised.value.message


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('Expressions(patterns=tuple(Pattern("x[0-9]{1,450}y%d" % each) for each in range(250)))', "100000 symbols"),
        ('Expressions(phrases=tuple(f"{number:0100}" for number in range(12_000)))', "1000000 characters"),
    ],
)
def test_what_a_plugin_has_the_engine_look_for_is_bounded(given: str, said: str, tmp_path: Path) -> None:
    """Each was within bounds, and all together took gigabytes of the engine's memory."""
    code = (
        f"from ordinance.plugin import Expressions, Pattern, hookimpl\n@hookimpl\ndef detector(asked): return {given}\n"
    )
    with pytest.raises(PluginError) as raised:
        load(
            write_asking(tmp_path, "detector acme.codes"),
            plugins=[allowed(write_plugin(tmp_path / "acme", code))],
            on=TODAY,
        )
    assert said in raised.value.message
