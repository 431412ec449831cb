"""A data plugin written outside the engine, a Swedish pack with its instructions, from its wheel to the model."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest
import yaml

from ordinance.serve.door.policies import policies_of
from ordinance.settings.model import Settings
from support.commands import run_here
from support.serving import PATIENCE, OpenGateway, ScriptedUpstream, say
from support.swedish import CATALOGUE, MANIFEST, NAME, swedish

pytestmark = pytest.mark.server

INSTRUCTION = (
    "Svara på svenska. Dua människor. Detta gäller bara språk, ton och form: fakta, namn och citat står kvar som de är."
)
SV = {"x-ordinance-locale": "sv"}


def settings_of(folder: Path, **how: str) -> dict[str, object]:
    """Install the plugin, and return the settings of an operator who has pasted the entry and named it."""
    done = run_here("plugin", "install", swedish(folder / "wheels", **how), "--to", folder / "installed")
    assert done.returncode == 0, done.stderr
    return {**yaml.safe_load(done.stdout), "packs": [NAME, "rules/charter"], "jurisdiction": None}


def written(folder: Path, settings: dict[str, object]) -> Path:
    path = folder / "ordinance.yaml"
    path.write_text(json.dumps(settings), "utf-8")
    return path


@pytest.mark.parametrize("stream", [False, True])
def test_the_model_is_instructed_in_the_language_of_a_plugin(
    stream: bool, open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    settings = settings_of(tmp_path)
    gateway = open_gateway(policies_of(Settings.model_validate(settings)), **settings)
    upstream.script = say("Hej.")
    asked = {"model": "m", "messages": [{"role": "user", "content": "Var är biblioteket?"}], "stream": stream}

    def ask(**headers: str) -> httpx2.Response:
        place = f"{gateway.address}/v1/chat/completions"
        return httpx2.post(place, json=asked, headers=headers, timeout=PATIENCE, trust_env=False)

    answer = ask(**SV)
    assert upstream.asked[-1].json["messages"][0] == {"role": "system", "content": INSTRUCTION}
    assert answer.status_code == 200
    assert "Dua" not in answer.text
    assert '"plugins":["acme-swedish 1.0"]' in answer.text
    assert "plugins" not in ask(**{"x-ordinance-locale": "de"}).text
    ready = httpx2.get(f"{gateway.address}/ready", timeout=PATIENCE, trust_env=False).json()
    assert ready["plugins"] == [
        {"name": NAME, "version": "1.0", "state": "data", "cause": None, "instructions": ["sv"]}
    ]


def test_commands_show_the_plugin_and_find_nothing_wrong(tmp_path: Path) -> None:
    path = written(tmp_path, settings_of(tmp_path))
    (seen,) = json.loads(run_here("plugins", "--config", path, "--format", "json").stdout)["plugins"]
    assert (seen["state"], seen["packs"], seen["instructions"]) == ("data", ["packs/sv.ord"], ["sv"])
    assert seen["asked"] == ["instructions in sv"]
    assert "instructions in sv" in run_here("plugins", "--config", path).stdout
    checked = run_here("plugin", "check", tmp_path / "installed", "--format", "json")
    assert json.loads(checked.stdout) == {"faults": []}
    assert "plugin acme-swedish 1.0: instructions in sv" in run_here("check", NAME, "--config", path).stdout


def test_a_faulty_catalogue_is_shown_by_each_command(tmp_path: Path) -> None:
    path = written(tmp_path, settings_of(tmp_path, catalogue=CATALOGUE.replace("[sentences.units]", "[sentences.u]")))
    shown = run_here("plugins", "--config", path, "--format", "json")
    (seen,) = json.loads(shown.stdout)["plugins"]
    assert (shown.returncode, seen["state"], seen["cause"]) == (1, "failing", "instructions")
    assert "`sentences.u`: is not a slot" in seen["message"]
    assert "`sentences.u`: is not a slot" in run_here("check", NAME, "--config", path).stderr


def test_a_shipped_language_cannot_be_replaced(tmp_path: Path) -> None:
    """The load stops; the engine's own sentences stay whatever an allowed plugin contains."""
    path = written(tmp_path, settings_of(tmp_path, manifest=MANIFEST.replace("sv = ", "et = ")))
    done = run_here("check", NAME, "--config", path)
    assert (done.returncode, "a plugin adds a language and replaces none" in done.stderr) == (1, True)
