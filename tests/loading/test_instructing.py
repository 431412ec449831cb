"""Instructions to the model that a plugin brings: loaded by its name, never in the place of the engine's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.errors import PluginError
from ordinance.loading.load import load
from ordinance.plugins.allowed import Plugin, allow
from ordinance.policy.plan import Plan
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from ordinance.serve.door.adapters import instruct
from ordinance.settings.sections import PluginSettings
from support.allowing import allowed, entry
from support.packs import TODAY, all_that_ships
from support.swedish import CATALOGUE, MANIFEST, NAME, swedish
from support.wheels import unpacked


def installed(folder: Path, name: str = NAME, manifest: str = MANIFEST, catalogue: str = CATALOGUE) -> Path:
    return unpacked(swedish(folder / "wheels", catalogue=catalogue, manifest=manifest, name=name), folder / name)


def plugin(folder: Path, manifest: str = MANIFEST, catalogue: str = CATALOGUE) -> Plugin:
    return allowed(installed(folder, manifest=manifest, catalogue=catalogue), name=NAME, version="1.0")


def loaded(*plugins: Plugin, paths: tuple[str, ...] = (NAME,)) -> Plan:
    return load(paths, plugins=plugins, on=TODAY).plan


def session(plan: Plan, locale: str = "sv") -> Session:
    return Session(plan, situate(plan, jurisdiction=None, on=TODAY), locale)


def test_the_name_of_a_plugin_loads_its_instructions(tmp_path: Path) -> None:
    plan = loaded(plugin(tmp_path))
    asked = session(plan)
    assert instruct(asked).startswith("Svara på svenska. Dua människor. Detta gäller")
    assert asked.metadata()["plugins"] == asked.record()["plugins"] == ["acme-swedish 1.0"]
    assert [each.report() for each in plan.attached] == [
        {"name": NAME, "version": "1.0", "state": "data", "cause": None, "instructions": ["sv"]}
    ]
    other = session(plan, "en")
    assert instruct(other) == ""
    assert "plugins" not in other.metadata(), "the model was told nothing"


def test_what_is_not_named_is_not_loaded(tmp_path: Path) -> None:
    acme = plugin(tmp_path)
    plan = load([*acme.packs], plugins=[acme], on=TODAY).plan
    assert not plan.instructions
    assert instruct(session(plan)).startswith("Answer in Swedish.")


def test_instructions_alone_are_loaded_with_the_packs_that_ship(tmp_path: Path) -> None:
    acme = plugin(tmp_path, MANIFEST.replace('packs = ["packs/sv.ord"]', ""))
    plan = loaded(acme)
    assert set(plan.instructions) == {"sv"}
    assert {pack.name for pack in plan.packs} == {pack.name for pack in all_that_ships().plan.packs}


def test_the_digest_covers_them(tmp_path: Path) -> None:
    digests = {
        loaded(plugin(tmp_path / "1")).digest,
        loaded(plugin(tmp_path / "2", catalogue=CATALOGUE.replace("Dua", "Nia"))).digest,
        load(plugin(tmp_path / "3").packs, on=TODAY).plan.digest,
    }
    assert len(digests) == 3


@pytest.mark.parametrize("language", ["de", "en", "et"])
def test_a_language_of_the_engine_is_refused(language: str, tmp_path: Path) -> None:
    """A plugin that replaced them would change what models are told where nobody looks for it."""
    with pytest.raises(PluginError, match=f"the engine has instructions in `{language}` of its own") as raised:
        loaded(plugin(tmp_path, MANIFEST.replace("sv = ", f"{language} = ")))
    assert "Take the plugin's name out of the setting `packs`" in raised.value.help


@pytest.mark.parametrize(
    ("manifest", "catalogue", "said"),
    [
        (MANIFEST, CATALOGUE.replace("[filled]", "[felled]"), "instructions/sv.toml: `filled`: Field required"),
        (MANIFEST.replace("sv.toml", "none.toml"), CATALOGUE, "instructions/none.toml cannot be read: No such file"),
        (MANIFEST.replace("instructions/sv.toml", "instructions"), CATALOGUE, "instructions cannot be read: Is a dir"),
    ],
)
def test_a_file_that_is_none_stops_the_load_and_is_named(
    manifest: str, catalogue: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(PluginError) as raised:
        loaded(plugin(tmp_path, manifest, catalogue))
    assert f"the plugin acme-swedish 1.0: {said}" in raised.value.message


@pytest.mark.parametrize("bad", ['swe-SE = "a.toml"', 'SV = "a.toml"', 'sv = "../a.toml"', 'sv = "/a.toml"', "sv = 1"])
def test_a_manifest_names_languages_and_files_of_its_package(bad: str, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="instructions"):
        plugin(tmp_path, MANIFEST.replace('sv = "instructions/sv.toml"', bad))


def test_two_plugins_with_one_language_are_refused(tmp_path: Path) -> None:
    entries = [entry(installed(tmp_path, name), name=name, version="1.0") for name in (NAME, "acme-svenska")]
    with pytest.raises(PluginError, match=r"both acme-swedish 1\.0 and acme-svenska 1\.0 provide `instructions in sv`"):
        allow([PluginSettings.model_validate(each) for each in entries])


def test_a_plugin_without_packs_and_instructions_cannot_be_named(tmp_path: Path) -> None:
    acme = plugin(tmp_path, 'api = 1\nvendor = "acme"\nprovides = ["sink"]\n')
    with pytest.raises(PluginError, match="contains no packs and no instructions"):
        loaded(acme)
