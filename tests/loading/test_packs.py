"""What a pack names is found among the arguments, else among the packs that ship."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ordinance import resources
from ordinance.loading import packs
from ordinance.loading.load import Loaded, load
from support.checkout import RULES
from support.packs import (
    CHARTER,
    JURISDICTION,
    LANGUAGE,
    SHIPPED_CHARTER,
    errors,
    load_on,
    write_charter,
    write_jurisdiction,
    write_language,
)


def names(loaded: Loaded) -> list[str]:
    return [pack.name for pack in loaded.plan.packs]


def test_the_charter_parents_and_languages_that_ship_are_found(tmp_path: Path) -> None:
    text = JURISDICTION.replace("members XB", "within DE\nmembers XB")
    assert names(load_on(write_jurisdiction(tmp_path, text))) == ["baseline", "DE", "EU", "XA", "de", "en", "et"]


def test_an_argument_goes_before_what_ships(tmp_path: Path) -> None:
    write_charter(tmp_path / "root", CHARTER.replace("1.0.0", "1.9.0"))
    write_jurisdiction(tmp_path / "place")
    loaded = load_on(tmp_path)
    assert loaded.plan.charter.version == "1.9.0"


def test_given_languages_stand_alone(tmp_path: Path) -> None:
    text = JURISDICTION.replace('et "saladused"', 'et "saladused" fr "secrets"')
    text = text.replace("  en          ", '  fr          "Omis : {type}. {law}."\n  en          ')
    write_jurisdiction(tmp_path, text)
    write_language(tmp_path)
    assert names(load_on(tmp_path)) == ["baseline", "XA", "fr"]


def test_languages_of_another_charter_are_left_out(tmp_path: Path) -> None:
    loaded = load_on(write_charter(tmp_path, CHARTER.replace("charter baseline", "charter root")))
    assert names(loaded) == ["root"]


@pytest.mark.semantics(21)
def test_a_second_charter(tmp_path: Path) -> None:
    write_charter(tmp_path / "one", SHIPPED_CHARTER)
    write_charter(tmp_path / "two", SHIPPED_CHARTER)
    write_jurisdiction(tmp_path / "place")
    loaded = load_on(tmp_path)
    assert errors(loaded) == ["charter-second"]
    (second,) = (item for item in loaded.diagnostics if item.severity == "error")
    assert second.file.endswith("two/charter.ord")
    assert "one/charter.ord" in second.message
    assert loaded.exit_code == 1


@pytest.mark.semantics(21)
def test_packs_of_different_charters(tmp_path: Path) -> None:
    write_jurisdiction(tmp_path / "a")
    write_jurisdiction(tmp_path / "b", JURISDICTION.replace("XA", "XD").replace("charter baseline", "charter other"))
    assert "charter-differs" in errors(load_on(tmp_path))


@pytest.mark.semantics(21)
def test_another_major_version(tmp_path: Path) -> None:
    write_charter(tmp_path / "root", CHARTER.replace("1.0.0", "2.0.0"))
    write_jurisdiction(tmp_path / "place")
    assert errors(load_on(tmp_path)) == ["charter-differs"]


def test_a_jurisdiction_is_loaded_once(tmp_path: Path) -> None:
    write_jurisdiction(tmp_path / "a")
    write_jurisdiction(tmp_path / "b")
    assert errors(load_on(tmp_path)) == ["pack-twice"]


@pytest.mark.semantics(21)
@pytest.mark.parametrize("charter_first", [True, False])
def test_a_charter_may_not_be_called_like_another_pack(charter_first: bool, tmp_path: Path) -> None:
    """Rules are cited as pack/name. Neither pack is dropped unseen, whichever comes first."""
    write_charter(tmp_path / ("a" if charter_first else "z"), CHARTER.replace("charter baseline", "charter XA"))
    write_jurisdiction(tmp_path / "m", JURISDICTION.replace("charter baseline 1", "charter XA 1"))
    loaded = load_on(tmp_path)
    assert errors(loaded) == ["name-twice"]
    assert loaded.diagnostics[-1].file.endswith("charter.ord")
    assert re.fullmatch("another pack, the jurisdiction in .*, is also called XA", loaded.diagnostics[-1].message)
    assert loaded.compiled is None


def test_a_charter_that_passes_for_the_one_that_ships(tmp_path: Path) -> None:
    def altered(text: str = SHIPPED_CHARTER) -> list[tuple[str, str]]:
        found = load_on(write_charter(tmp_path / "root", text)).diagnostics
        return [(item.code, item.severity) for item in found if item.code == "charter-altered"]

    assert not altered()
    assert not altered(SHIPPED_CHARTER.replace("baseline 1.0.0", "baseline 1.0.1") + "# more\n")
    assert not altered(SHIPPED_CHARTER.replace("charter baseline", "charter root") + "# more\n")
    assert altered(SHIPPED_CHARTER + "# more\n") == [("charter-altered", "warning")]
    (tmp_path / "root" / "lexicons" / "weapons.txt").write_text("ordinance-canary-weapons-7f3a9c\n", "utf-8")
    found = load_on(tmp_path / "root" / "charter.ord").diagnostics
    assert "charter-altered" in [item.code for item in found]


def test_two_packs_do_not_share_a_dimension(tmp_path: Path) -> None:
    """Operators attest dimensions by name: one name, one meaning."""
    write_jurisdiction(tmp_path / "a")
    write_jurisdiction(tmp_path / "b", JURISDICTION.replace("XA", "XD").replace("draft, final", "draft, done, final"))
    loaded = load_on(tmp_path)
    assert errors(loaded) == ["name-twice"]
    assert loaded.diagnostics[0].message == "the pack XA already declares `stage`"


def test_one_file_given_twice_is_one_pack(tmp_path: Path) -> None:
    pack = write_jurisdiction(tmp_path)
    assert load_on(pack, tmp_path, pack).exit_code == 0


def test_two_shipped_packs_of_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_charter(tmp_path / "rules" / "one")
    write_charter(tmp_path / "rules" / "two")
    monkeypatch.setattr(packs, "shipped_rules", lambda: tmp_path / "rules")
    loaded = load_on(write_jurisdiction(tmp_path / "place"))
    assert errors(loaded) == ["pack-ambiguous"]


def test_no_path_means_all_that_ship() -> None:
    loaded = names(load())
    found = {kind: sorted(each.name for each in (RULES / kind).iterdir()) for kind in ("jurisdictions", "languages")}
    assert loaded == ["baseline", *found["jurisdictions"], *found["languages"]]
    assert not {each.name for each in (RULES / "houses").iterdir()} & set(loaded)


@pytest.mark.requirement("TR-6")
def test_languages_that_ship_are_loaded_if_the_given_packs_speak_them(tmp_path: Path) -> None:
    """A pack with texts in French and English demands nothing of fifteen languages; one without texts takes all."""
    speaking = (
        JURISDICTION.replace(" de ", " fr ").replace("  de ", "  fr ").replace(" et ", " it ").replace("  et ", "  it ")
    )
    assert names(load_on(write_jurisdiction(tmp_path / "some", speaking)))[-3:] == ["en", "fr", "it"]
    everything = names(load_on(RULES / "jurisdictions" / "CH"))
    assert everything[2:] == sorted(each.name for each in (RULES / "languages").iterdir())


@pytest.mark.requirement("TR-6")
def test_a_pack_must_have_a_text_in_each_language_that_it_speaks_and_in_no_other(tmp_path: Path) -> None:
    languages = RULES / "languages"
    assert load_on(write_jurisdiction(tmp_path), languages).exit_code == 0
    loaded = load_on(write_jurisdiction(tmp_path, JURISDICTION.replace(' et "saladused"', "")), languages)
    assert errors(loaded) == ["label-text"]


def test_findings_on_packs_that_nobody_gave_are_told_when_they_are_errors(tmp_path: Path) -> None:
    loaded = load_on(write_jurisdiction(tmp_path))
    assert not loaded.diagnostics, "the warnings of the shipped language packs are not this author's"


@pytest.mark.semantics(1)
@pytest.mark.requirement("RL-1")
def test_a_pack_below_the_charter_is_never_read_as_one(tmp_path: Path) -> None:
    """A file that draws red lines but calls itself a jurisdiction does not parse."""
    pack = write_jurisdiction(
        tmp_path, CHARTER.replace("charter baseline 1.0.0", "jurisdiction XA 1.0.0 under charter baseline 1")
    )
    loaded = load_on(pack)
    assert loaded.compiled is None
    assert "wrong-kind" in errors(loaded)


def test_resources_lie_beside_the_engine_or_in_the_package() -> None:
    assert (resources.folder("grammars") / "ordinance.lark").is_file()
    assert (resources.folder("rules") / "charter" / "baseline.ord").is_file()


CONTACT = """
contact crisis line {{
  title  "Line"
  number "0800 1"
  hours  always
  in     {code}
  seen   2026-11-01
}}
"""


@pytest.mark.requirement("LAW-3")
@pytest.mark.parametrize(
    ("code", "within", "lineage"), [("XA-N", "", "XA-N XA"), ("XA-N", "XD", "XA-N XD"), ("XB-N", "", "XB-N")]
)
def test_a_province_lies_within_its_country_by_its_code(code: str, within: str, lineage: str, tmp_path: Path) -> None:
    """The law of XA holds in XA-N, whose pack need not say so; where it says otherwise, that holds."""
    paths = [write_jurisdiction(tmp_path / "country")]
    for name, outer in (("XD", ""), (code, within)):
        said = f"within {outer}" if outer else ""
        paths.append(tmp_path / f"{name}.ord")
        text = f"jurisdiction {name} 1.0.0 under charter baseline 1\n{said}\n{CONTACT.format(code=name)}"
        paths[-1].write_text(text, "utf-8")
    assert load_on(*paths).plan.lineage(code) == tuple(lineage.split())


def test_packs_that_ship_may_be_replaced_while_a_process_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever installs a new version beside a running engine gets it at the next load."""
    rules = tmp_path / "rules"
    monkeypatch.setattr(packs, "shipped_rules", lambda: rules)
    place = write_jurisdiction(tmp_path / "place")
    language, charter = write_language(rules / "languages" / "fr"), write_charter(rules / "charter")

    def gathered() -> list[str]:
        return [f"{unit.name} {unit.pack.version}" for unit in packs.gather([place]).units]

    assert gathered() == ["XA 1.0.0", "baseline 1.0.0"]
    charter.write_text(CHARTER.replace("baseline 1.0.0", "baseline 1.0.1"), "utf-8")
    assert gathered() == ["XA 1.0.0", "baseline 1.0.1"]
    language.write_text(LANGUAGE.replace("language fr", "language de"), "utf-8")
    assert gathered() == ["XA 1.0.0", "baseline 1.0.1", "de 1.0.0"]
    charter.unlink()
    assert gathered() == ["XA 1.0.0"]


def test_the_folder_of_a_kind_says_what_is_looked_for_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies elsewhere is looked at whatever it may be."""
    rules = tmp_path / "rules"
    monkeypatch.setattr(packs, "shipped_rules", lambda: rules)
    write_charter(rules / "anywhere" / "deep")
    write_language(rules / "languages" / "fr")
    write_charter(rules / "languages" / "xx")
    assert packs.shipped_pack("fr").parent.name == "fr"
    assert packs.shipped_pack("baseline") == rules / "anywhere" / "deep" / "charter.ord"
