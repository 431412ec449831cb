"""A manifest is read by the operator before anything of the plugin runs: it can show nothing but itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ordinance.errors import PluginError
from ordinance.plugins.entry import entry
from ordinance.plugins.manifest import read
from support.plugin_folders import write_plugin

#: What a terminal or YAML would take for the end of the line, or for an order.
BREAKS = [r"\n", r"\r", r"\u0085", r"\u2028", r"\u001b[1A\u001b[2K", r"\u0000", r"\u202e"]
SETTING = '[settings.size]\ntype = "text"\ndescription = "x"\n'


@pytest.mark.parametrize("made", BREAKS)
@pytest.mark.parametrize(
    "settings",
    [
        f'{SETTING}choices = ["a{{}}  - name: another", "b"]',
        f'{SETTING}default = "a{{}}keys: []"',
        '[settings.size]\ntype = "list of text"\ndescription = "x"\ndefault = ["a{}b"]',
        '[settings."si{}ze"]\ntype = "text"\ndescription = "x"',
    ],
)
def test_no_manifest_writes_into_the_settings(tmp_path: Path, settings: str, made: str) -> None:
    """The entry goes into ordinance.yaml as it is printed: a choice of two lines allowed another plugin."""
    write_plugin(tmp_path, "", settings=settings.format(made))
    with pytest.raises(PluginError, match=r"cannot be shown|should match pattern"):
        read(tmp_path)


@pytest.mark.parametrize("made", [r"\n", r"\r\n", r"\u0085", r"\u2028", "\n"])
def test_a_sentence_of_several_lines_is_one(tmp_path: Path, made: str) -> None:
    needs = f'network = """what{made}keys: []"""\nfolder = """a{made}b: c"""'
    settings = f'[settings.size]\ntype = "text"\ndescription = """how{made}much: 1"""'
    write_plugin(tmp_path, "", needs=needs, settings=settings)
    text = entry(tmp_path, read(tmp_path), "0")
    given = {"name": "acme-plugin", "version": "1.0", "path": str(tmp_path), "sha256": "0"}
    assert yaml.safe_load(text) == {"plugins": [given]}
    assert "it connects to: what keys: []\n" in text


@pytest.mark.parametrize("made", [r"\u001b[2K", r"\u0000", r"\u202e"])
def test_no_sentence_commands_a_terminal(tmp_path: Path, made: str) -> None:
    write_plugin(tmp_path, "", needs=f'network = "nothing{made}"')
    with pytest.raises(PluginError, match="cannot be shown"):
        read(tmp_path)


@pytest.mark.parametrize("path", ["/etc", "..", "packs/../../other", "../acme"])
def test_packs_lie_within_the_package(tmp_path: Path, path: str) -> None:
    """They are in the plugin's digest; what lies elsewhere is not."""
    write_plugin(tmp_path, "")
    manifest = next(tmp_path.rglob("ordinance-plugin.toml"))
    manifest.write_text(f'api = 1\nvendor = "acme"\npacks = ["{path}"]\n')
    with pytest.raises(PluginError, match="is not within the package"):
        read(tmp_path)


@pytest.mark.parametrize(("name", "version"), [("a: b # ", "1.0"), ("a", "1.0 \x1b[2K"), ("-a", "1.0"), ("a/b", "1")])
def test_names_and_versions_are_those_of_distributions(tmp_path: Path, name: str, version: str) -> None:
    write_plugin(tmp_path, "")
    next(tmp_path.rglob("METADATA")).write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    with pytest.raises(PluginError, match="character that none may have"):
        read(tmp_path)


def test_the_entry_point_names_a_module_of_the_folder(tmp_path: Path) -> None:
    other = write_plugin(tmp_path / "other", "")
    folder = write_plugin(tmp_path / "acme", "")
    next(folder.rglob("entry_points.txt")).write_text(f"[ordinance]\nacme = {other}/acme_plugin\n")
    with pytest.raises(PluginError, match="character that none may have"):
        read(folder)
