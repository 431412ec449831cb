"""The schema of ``ordinance.yaml`` says what the reader says, as far as a schema can."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ordinance.cli.main import main
from ordinance.errors import SettingsError
from ordinance.settings import sources, strict_yaml
from ordinance.settings.schema import FILE, schema, section_of, text
from support.checkout import ROOT

CHECK = jsonschema.Draft202012Validator(schema())
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SAMPLES = [
    pytest.param(block, id=f"{page.name}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL))
]
DIGEST = "bc4baea9380d88ddd34b2ddd9a8dde1f235a5c63fe1cb92430f712121f68c29a"
#: Between them they use every setting, in each of its forms.
RIGHT = (
    "# nothing yet",
    "packs: [mine, /etc/theirs]",
    "shadow: [next]",
    "policy: our-house.1",
    'policy: "no"',
    f"expect: {DIGEST}",
    "expect: null",
    "register_url: https://z.example/register.html",
    "jurisdiction: DE",
    "jurisdiction: null",
    "locale: de-DE",
    "host: 0.0.0.0\nsocket_mode: '0600'\nhosts: [chat.example.org, '2001:db8::1']\nport: 0\nworkers: 256",
    "open_without_keys: true",
    "drain_seconds: 0\ngrace_seconds: 2.5",
    "audit: log.jsonl",
    "audit:",
    "audit: {path: log.jsonl, required: true, queue: 1}",
    "audit: {path: log, acknowledge: flushed, key_file: k.pem, checkpoint_records: 1, checkpoint_seconds: 0.5}",
    "parts: [image, audio, video, file]\nsteering: refuse",
    "upstream: {url: http://127.0.0.1:8000/v1, key: k, connect_seconds: 1, idle_seconds: 86400, total_seconds: 0.5}",
    "upstream: {url: HTTPS://example.org, ca: authority.pem, key_file: token}",
    "limits: {body_bytes: 1, parts_bytes: 1, event_bytes: 1, answer_bytes: 1, connections: 1, idle_seconds: 1}",
    "limits: {connections_per_address: null, detector_seconds: 1, plugin_seconds: 1, detector_processes: 1}",
    "limits: {connections_per_address: 5}",
    "chat: true",
    "cors: [https://chat.example.org]",
    "log: json",
    "metrics: {host: '::1', port: 9464}",
    "traces: {url: http://127.0.0.1:4318, ratio: 0.1}",
    "conversation: {store: none, days: 7}",
    "conversation: {store: 'redis://127.0.0.1:6379/0', secret_file: secret}",
    f"plugins: [{{name: acme-ordinance, version: 1.2.*, path: plugins/acme, sha256: {DIGEST}}}]",
    f"plugins: [{{name: a, version: 1.2.0, path: a, sha256: {DIGEST}, settings: {{size: 5, token: {{file: t}}}},"
    " network: ['judge:8000', 'unix:/run/judge'], folder: data}]",
    "judges: [{name: guard, url: 'http://127.0.0.1:8001/v1', model: m, renderer: question, calibration: guard.json}]",
    "judges: [{name: b, url: [http://a, http://b], model: m, renderer: taxonomy, labels: {S9: [baseline/weapons]},"
    " seconds: 2.5, window: 4000}, {name: near, by: near.lines}]",
    "judge: {uncalibrated: act, at_once: 16, shown: true}",
    "upstreams: {big: {url: 'http://10.0.0.5:8000/v1', key_file: k, models: [org/llama-70b], fallback: small,"
    " aliases: {default: org/llama-70b}, drain: true, health_seconds: 2.5},"
    " little: {url: 'https://x', ca: ca.pem, models: [small]}}",
    f"keys: [{{name: a, sha256: {DIGEST}, models: [large, small]}}]",
    "trust: {root: root.json, required: false, state: state/trust.json}",
    "mark: {key_file: provider.pem, key_id: office-2026, provider: 'https://office.example', watermark: true}",
    "objections: counts/objections.jsonl",
    "vllm: {closed_routes: [/metrics], other_version: true}",
    "ext_proc: {listen: '[::]:9002', health: 'unix:/run/h.sock', headers: [x-session-id]}",
    "ext_proc: {certificate: a.pem, key_file: a.key, ca: b.pem, open_without_tls: true}",
    "speak: {instruction: user}",
    "routes: {embeddings: pass}",
    "adapters: {et: {lora: et-instruct}, de-CH: {lora: x}}",
    f"keys: [{{name: a, sha256: {DIGEST}, jurisdiction: DE, attested: {{purpose: education}}}}]",
    f"keys: [{{name: a, sha256: {DIGEST}, system_messages_are_ours: true}}]",
    f"keys: [{{name: a, sha256: {DIGEST}, locale: et, houses: [north, south], audience: machine}}]",
    f"keys: [{{name: a, sha256: {DIGEST}, audience: person}}]",
    f"keys: [{{name: a, sha256: {DIGEST}, limits: {{requests_per_minute: 60, tokens_per_minute: 9, streams: 2}}}}]",
)
#: Each is wrong for the reader and for an editor alike.
WRONG = (
    "prot: 1",
    "conversation: {days: 0}",
    "metrics: {port: 70000}",
    "log: xml",
    "traces: {ratio: 1.5}",
    "conversation: {stroe: none}",
    "port: many",
    "port: 70000",
    "port: -1",
    "workers: 0",
    "workers: 1.5",
    "policy: a b",
    "expect: f01b9ea4",
    "register_url: http://z.example/register.html",
    "register_url: https://z.example/#rules",
    "packs: a",
    "packs: [1]",
    "locale: 5",
    "parts: [image, embeddings]",
    "steering: perhaps",
    "grace_seconds: 0",
    "grace_seconds: 100000",
    "upstream: http://x",
    "upstream: {}",
    "upstream: {ulr: http://x}",
    "upstream: {url: ftp://x}",
    "upstream: {url: 'http://x', idle_seconds: soon}",
    "audit: 5",
    "audit: {pat: log}",
    "audit: {path: log, queue: 0}",
    "audit: {path: log, acknowledge: perhaps}",
    "limits: {event_bytes: 1.5}",
    "limits: {connections_per_address: 0}",
    "speak: {instruction: somewhere}",
    "mark: {key_file: provider.pem}",
    "mark: {provider: Office}",
    "mark: {key_file: provider.pem, provider: Office, key_id: a key}",
    "mark: {key_file: provider.pem, provider: ''}",
    "objections: [a]",
    "plugins: {name: a}",
    "plugins: [{name: a}]",
    f"plugins: [{{name: a, version: '>=1', path: a, sha256: {DIGEST}}}]",
    "plugins: [{name: a, version: 1.2.0, path: a, sha256: abc}]",
    "vllm: {closed_routes: /metrics}",
    "upstreams: [{url: 'http://x', models: [m]}]",
    "upstreams: {a: {url: 'http://x'}}",
    "upstreams: {a: {url: 'http://x', models: []}}",
    "upstreams: {a: {url: 'http://x', models: ['two words']}}",
    "upstreams: {a: {url: 'x', models: [m]}}",
    "upstreams: {a: {url: 'http://x', models: [m], fallback: ''}}",
    "upstreams: {a: {url: 'http://x', models: [m], weight: 0}}",
    "adapters: [et]",
    "adapters: {et: et-instruct}",
    "adapters: {et: {lora: ''}}",
    "keys: {name: a}",
    "keys: [{name: a}]",
    "keys: [{name: a, sha256: abc}]",
    f"keys: [{{name: a, sha256: {DIGEST}, attested: {{turn: 1}}}}]",
    f"keys: [{{name: a, sha256: {DIGEST}, houses: north}}]",
    f"keys: [{{name: a, sha256: {DIGEST}, audience: robot}}]",
)
#: Each is wrong, but no schema could say so.
ONLY_FOR_THE_READER = (
    "locale: german",
    "hosts: ['*.example.org']",
    "upstream: {url: 'http://me:secret@x'}",
    "audit: {required: true}",
    "audit: {acknowledge: written}",
    "audit: {key_file: k.pem}",
    f"plugins: [{{name: a, version: 1.2.0, path: a, sha256: {DIGEST}, network: [judge]}}]",
    "adapters: {German: {lora: x}}",
    "upstreams: {Big: {url: 'http://x', models: [m]}}",
    "upstreams: {a: {url: 'http://x', models: [m, m]}}",
    "upstreams: {a: {url: 'http://x', models: [m], aliases: {b: n}}}",
    "upstreams: {a: {url: 'http://x', models: [m], aliases: {m: m}}}",
    "upstreams: {a: {url: 'http://x', models: [m], fallback: m}}",
    "upstreams: {a: {url: 'http://x', models: [m], fallback: n}}",
    "upstreams: {a: {url: 'http://x', models: [m], fallback: n}, b: {url: 'http://x', models: [m], fallback: o},"
    " c: {url: 'http://x', models: [n, o]}}",
    "{upstream: {url: 'http://x'}, upstreams: {a: {url: 'http://x', models: [m]}}}",
    f"keys: [{{name: a, sha256: {DIGEST}, locale: german}}]",
    f"keys: [{{name: a, sha256: {DIGEST}}}, {{name: b, sha256: {DIGEST}}}]",
)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(sources.FILE_VARIABLE, raising=False)


def fits(value: Any) -> bool:
    return bool(CHECK.is_valid(value))


def reads(folder: Path, written: str) -> bool:
    """Whether the reader takes a file in which this is written."""
    file = folder / "ordinance.yaml"
    file.write_text(written, "utf-8")
    try:
        sources.load(file=file)
    except SettingsError:
        return False
    return True


def test_the_schema_is_one_and_every_setting_says_what_it_means() -> None:
    made = schema()
    jsonschema.Draft202012Validator.check_schema(made)
    for section in (made, *made["$defs"].values()):
        full = next((each for each in section.get("anyOf", ()) if "properties" in each), section)
        assert full["additionalProperties"] is False
        for name, node in full["properties"].items():
            assert node.get("description") or section_of(node), name


def test_the_file_at_the_root_is_current() -> None:
    assert (ROOT / FILE).read_text("utf-8") == text(), "run `make docs`"


def test_a_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == schema()


@pytest.mark.parametrize("sample", SAMPLES)
def test_each_sample_of_the_manual_fits(sample: str, tmp_path: Path) -> None:
    assert fits(strict_yaml.read(sample, "sample").value)
    assert reads(tmp_path, sample)


def test_the_manual_has_samples() -> None:
    assert len(SAMPLES) >= 3


@pytest.mark.parametrize("wrong", WRONG)
def test_what_the_reader_refuses_does_not_fit(wrong: str, tmp_path: Path) -> None:
    assert not fits(yaml.safe_load(wrong))
    assert not reads(tmp_path, wrong)


@pytest.mark.parametrize("wrong", ONLY_FOR_THE_READER)
def test_what_takes_more_than_a_schema_is_left_to_the_reader(wrong: str, tmp_path: Path) -> None:
    assert fits(yaml.safe_load(wrong))
    assert not reads(tmp_path, wrong)


def names(node: Any) -> set[str]:
    """Every name of a mapping within ``node``."""
    if isinstance(node, dict):
        return {*node, *(name for each in node.values() for name in names(each))}
    return {name for each in node for name in names(each)} if isinstance(node, list) else set()


@pytest.mark.parametrize("right", RIGHT)
def test_what_the_reader_takes_fits(right: str, tmp_path: Path) -> None:
    """Otherwise an editor would complain about a file that works."""
    assert fits(strict_yaml.read(right, "sample").value)
    assert reads(tmp_path, right)


def test_every_setting_is_among_what_is_tried() -> None:
    tried = {name for right in RIGHT for name in names(strict_yaml.read(right, "sample").value)}
    made = schema()
    full = [each for one in (made, *made["$defs"].values()) for each in (one, *one.get("anyOf", ()))]
    assert {name for each in full for name in each.get("properties", ())} <= tried


def test_the_command_checks_what_serve_would_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ordinance.yaml"
    file.write_text("port: 1\nprot: 2\n")
    assert main(["settings", "--config", str(file)]) == 2
    assert f"{file}:2: 'prot' is not a setting" in capsys.readouterr().err
    file.write_text("port: 1\n")
    monkeypatch.setenv("ORDINANCE_WORKERS", "none")
    assert main(["settings", "--config", str(file)]) == 2
    assert "ORDINANCE_WORKERS" in capsys.readouterr().err
    monkeypatch.delenv("ORDINANCE_WORKERS")
    assert main(["settings", "--config", str(file)]) == 0
    assert capsys.readouterr().out
