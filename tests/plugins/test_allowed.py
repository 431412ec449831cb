"""Which plugins may run: those that the settings list, as they list them; a message says what to write instead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ordinance.errors import PluginError, SettingsError
from ordinance.plugins.allowed import allow
from ordinance.plugins.seal import seal
from ordinance.settings import sources
from ordinance.settings.sections import PluginSettings
from support.allowing import CODE, MANIFEST, allowed, entry, write_plugin, write_settings
from support.commands import ENGINE

TYPED = (
    MANIFEST
    + """
[settings.countries]
type = "list of text"
description = "Whose numbers."
choices = ["EE", "PL"]
default = ["EE"]
[settings.size]
type = "whole number"
description = "How many."
default = 5
[settings.weight]
type = "number"
description = "How much."
default = 0.5
[settings.strict]
type = "yes or no"
description = "Whether."
default = false
[settings.token]
type = "text"
description = "The judge's password."
default = ""
"""
)


#: Of another plugin.
BETA = MANIFEST.replace("acme", "beta")


def refused(*entries: dict[str, Any]) -> PluginError:
    with pytest.raises(PluginError) as raised:
        allow([PluginSettings.model_validate(each) for each in entries])
    return raised.value


def test_an_allowed_plugin_is_what_its_folder_contains(tmp_path: Path) -> None:
    folder = write_plugin(tmp_path / "acme")
    plugin = allowed(folder)
    assert (plugin.name, plugin.version, plugin.package) == ("acme-ordinance", "1.2.0", "acme_ordinance")
    assert plugin.shown == "acme-ordinance 1.2.0"
    assert plugin.manifest.names("detector") == ("acme.codes",)
    assert allowed(folder, version="1.2.*", name="Acme_Ordinance").name == "acme-ordinance"
    assert allow([]) == ()


@pytest.mark.parametrize("version", ["1.2.1", "1.2", "1.20.*", "1.2.0.1.*", "2.*"])
def test_another_version_is_refused_with_the_one_that_is_there(version: str, tmp_path: Path) -> None:
    folder = write_plugin(tmp_path / "acme")
    error = refused(entry(folder, version=version))
    assert f"contains acme-ordinance 1.2.0; the settings allow {version}." in error.message
    assert f"`version: 1.2.0` and `sha256: {seal(folder)}`" in error.help, "both, so that one step is enough"


def test_another_name_is_refused(tmp_path: Path) -> None:
    assert (
        "the plugin acme-ordinance, not other" in refused(entry(write_plugin(tmp_path / "acme"), name="other")).message
    )


def test_other_files_are_refused_with_their_sum(tmp_path: Path) -> None:
    folder = write_plugin(tmp_path / "acme")
    listed = entry(folder)
    (folder / "acme_ordinance" / "more.py").write_text("", "utf-8")
    assert f"`sha256: {seal(folder)}`" in refused(listed).help
    assert allow([PluginSettings.model_validate({**listed, "sha256": seal(folder)})])


def test_a_folder_that_is_missing_or_contains_no_plugin_is_refused(tmp_path: Path) -> None:
    listed = entry(write_plugin(tmp_path / "acme"))
    assert "is not a folder" in refused({**listed, "path": str(tmp_path / "none")}).message
    (tmp_path / "empty").mkdir()
    assert "contains no plugin" in refused({**listed, "path": str(tmp_path / "empty")}).message


def test_two_entries_for_one_plugin_and_two_plugins_for_one_name_are_refused(tmp_path: Path) -> None:
    one = entry(write_plugin(tmp_path / "one"))
    assert "lists acme-ordinance twice" in refused(one, one).message
    other = entry(write_plugin(tmp_path / "other", name="acme-more"), name="acme-more")
    assert "both acme-ordinance 1.2.0 and acme-more 1.2.0 provide `detector acme.codes`" in refused(one, other).message


def test_settings_have_the_types_of_the_manifest(tmp_path: Path) -> None:
    folder = write_plugin(tmp_path / "acme", manifest=TYPED)
    defaults = {"countries": ("EE",), "size": 5, "weight": 0.5, "strict": False, "token": ""}
    assert allowed(folder).settings == defaults
    given = {"countries": ["PL"], "size": 7, "weight": 2, "strict": True, "token": "x"}
    assert allowed(folder, settings=given).settings == {**given, "countries": ("PL",)}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"size": "5"}, "`size` of the plugin acme-ordinance must be a whole number"),
        ({"size": True}, "must be a whole number"),
        ({"size": 5.0}, "must be a whole number"),
        ({"weight": True}, "must be a number"),
        ({"weight": float("nan")}, "must be a number"),
        ({"strict": 1}, "must be true or false"),
        ({"token": 5}, "must be text"),
        ({"countries": "EE"}, "must be a list of text"),
        ({"countries": ["EE", 1]}, "must be a list of text"),
        ({"countries": ["FI"]}, "has a value that it cannot have"),
        ({"sise": 5}, "`sise` of the plugin acme-ordinance is not known"),
        ({"size": {"file": "/x"}}, "must be a whole number"),
        ({"token": {"file": "/nowhere/at/all"}}, "cannot be read from /nowhere/at/all"),
    ],
)
def test_a_setting_of_another_type_is_refused_by_name(given: dict[str, Any], said: str, tmp_path: Path) -> None:
    error = refused(entry(write_plugin(tmp_path / "acme", manifest=TYPED), settings=given))
    assert said in error.message
    assert error.help


def test_a_setting_without_a_default_is_required(tmp_path: Path) -> None:
    manifest = MANIFEST + '[settings.endpoint]\ntype = "text"\ndescription = "The judge\'s address."\n'
    error = refused(entry(write_plugin(tmp_path / "acme", manifest=manifest)))
    assert "`endpoint` of the plugin acme-ordinance is required (text)" in error.message
    assert "The judge's address." in error.help


def test_a_password_comes_from_a_file_and_stands_nowhere(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("very secret\n", "utf-8")
    folder = write_plugin(tmp_path / "acme", manifest=TYPED)
    listed = {**entry(folder, settings={"token": {"file": "token"}}), "path": "acme"}
    settings = sources.load(file=write_settings(tmp_path / "ordinance.yaml", listed))
    (plugin,) = allow(settings.plugins)
    assert plugin.settings["token"] == "very secret"
    assert "very secret" not in repr(plugin)
    assert "very secret" not in json.dumps(plugin.identity, default=str)
    (tmp_path / "token").write_text("another\n", "utf-8")
    assert allow(settings.plugins)[0].identity == plugin.identity


def test_the_identity_covers_files_and_settings(tmp_path: Path) -> None:
    folder = write_plugin(tmp_path / "acme", manifest=TYPED)
    before = allowed(folder)
    assert allowed(folder, settings={"size": 6}).identity != before.identity
    (folder / "acme_ordinance" / "__init__.py").write_text("# other\n", "utf-8")
    assert allowed(folder).identity != before.identity


def test_a_plugin_writes_in_a_folder_elsewhere(tmp_path: Path) -> None:
    folder = write_plugin(tmp_path / "acme")
    (tmp_path / "data").mkdir()
    assert allowed(folder, folder=str(tmp_path / "data")).writes == tmp_path / "data"
    assert "is not a folder" in refused(entry(folder, folder=str(tmp_path / "none"))).message
    (tmp_path / "way").symlink_to(folder / "acme_ordinance")
    assert "lies in the plugin's own folder" in refused(entry(folder, folder=str(tmp_path / "way"))).message


@pytest.mark.parametrize("written", [".", "all", "all/acme", "all/other", "all/other/other", "engine"])
def test_no_plugin_may_write_among_the_files_of_any_plugin_or_of_the_engine(written: str, tmp_path: Path) -> None:
    """A folder that contained a plugin let it, or another one, change files between the check and the start, and
    packs between the check and the load."""
    acme = write_plugin(tmp_path / "all" / "acme")
    other = write_plugin(tmp_path / "all" / "other", CODE, BETA, name="other", version="1.0")
    (tmp_path / "engine").symlink_to(ENGINE)
    listed = [entry(acme, folder=str(tmp_path / written)), {**entry(other), "name": "other", "version": "1.0"}]
    for entries in (listed, listed[::-1]):
        error = refused(*entries)
        assert "`folder` of the plugin acme-ordinance" in error.message
        assert "elsewhere" in error.help


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sha256": "x"}, "`ordinance plugin install` prints them"),
        ({"version": ">=1"}, "such as 1.2.0 or 1.2.*"),
        ({"version": "*"}, "such as 1.2.0 or 1.2.*"),
        ({"network": ["judge.internal"]}, "expected HOST:PORT"),
        ({"network": ["unix:here"]}, "expected HOST:PORT"),
        ({"nmae": "x"}, "did you mean 'name'"),
    ],
)
def test_a_wrong_entry_is_told_with_its_line(wrong: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = write_settings(tmp_path / "ordinance.yaml", {**entry(write_plugin(tmp_path / "acme")), **wrong})
    with pytest.raises(SettingsError) as raised:
        sources.load(file=path)
    assert said in raised.value.message
    assert f"{path}:1: 'plugins.0." in raised.value.message


def test_the_name_of_a_plugin_among_the_packs_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = entry(write_plugin(tmp_path / "acme"))
    path = write_settings(tmp_path / "ordinance.yaml", listed, packs=["acme-ordinance", "mine"])
    assert sources.load(file=path).packs == [Path("acme-ordinance"), tmp_path / "mine"]
    monkeypatch.setenv("ORDINANCE_PLUGINS", json.dumps([{**listed, "name": "other"}]))
    settings = sources.load(file=path)
    assert settings.packs == [tmp_path / "acme-ordinance", tmp_path / "mine"]
    assert [each.name for each in settings.plugins] == ["other"]
