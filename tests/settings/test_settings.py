from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ordinance.errors import OrdinanceError, SettingsError, UnreadableError
from ordinance.settings import page
from ordinance.settings.reporting import AuditSettings
from ordinance.settings.sources import FILE_VARIABLE, LARGEST_FILE, load
from support.checkout import ROOT


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FILE_VARIABLE, raising=False)


def write(folder: Path, text: str | bytes) -> Path:
    file = folder / "ordinance.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def wrong(file: Path, flags: dict[str, Any] | None = None) -> OrdinanceError:
    with pytest.raises(OrdinanceError) as caught:
        load(flags, file)
    return caught.value


def test_flags_win_over_variables_over_the_file_over_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, "port: 1\nhost: a\nlocale: de-DE\nupstream:\n  url: http://file:1\n  idle_seconds: 3\n")
    monkeypatch.setenv("ORDINANCE_PORT", "2")
    monkeypatch.setenv("ORDINANCE_HOST", "b")
    monkeypatch.setenv("ORDINANCE_UPSTREAM__URL", "http://variable:2")
    settings = load({"port": 3}, file)
    assert (settings.port, settings.host, settings.locale, settings.workers) == (3, "b", "de-DE", 1)
    assert settings.upstream is not None
    assert (settings.upstream.url, settings.upstream.idle_seconds) == ("http://variable:2", 3)


def test_the_file_may_be_named_by_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FILE_VARIABLE, str(write(tmp_path, "port: 7")))
    assert load().port == 7


def test_paths_in_the_file_are_relative_to_it(tmp_path: Path) -> None:
    settings = load({}, write(tmp_path, "packs: [mine, /etc/theirs]\naudit: log.jsonl\n"))
    assert settings.packs == [tmp_path / "mine", Path("/etc/theirs")]
    assert settings.audit == AuditSettings(path=tmp_path / "log.jsonl")
    assert load({"packs": ["mine"]}).packs == [Path("mine")]


@pytest.mark.parametrize(
    ("text", "variables", "meant"),
    [
        ("audit: log.jsonl", {}, AuditSettings(path=Path("log.jsonl"))),
        ("audit: {path: log.jsonl, required: true}", {}, AuditSettings(path=Path("log.jsonl"), required=True)),
        ("audit: {queue: 5}", {}, AuditSettings(queue=5)),
        ("audit: log.jsonl", {"__REQUIRED": "true"}, AuditSettings(path=Path("log.jsonl"), required=True)),
        ("audit: {required: true}", {"": "log.jsonl"}, AuditSettings(path=Path("log.jsonl"), required=True)),
        ("audit: log.jsonl", {"": '{"queue": 5}'}, AuditSettings(path=Path("log.jsonl"), queue=5)),
    ],
)
def test_the_record_may_be_set_in_short_or_in_full_and_both_are_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, variables: dict[str, str], meant: AuditSettings
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"ORDINANCE_AUDIT{name}", value)
    found = load({}, write(tmp_path, text)).audit
    assert found is not None
    path = found.path and Path(found.path.name)
    assert found.model_copy(update={"path": path}) == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("audit: 5", "a path or postgresql://… is expected, or a mapping such as {path: audit.jsonl, required: true}"),
        ("audit: {required: true}", "`required` needs a `path` or a `store`"),
        ("audit: {path: log, store: 'postgresql://db/records'}", "`path` and `store` are two places"),
        ("audit: {store: 'mysql://db/records'}", "expected postgresql://USER@HOST/NAME"),
        ("audit: {store: 'postgresql://'}", "expected postgresql://USER@HOST/NAME"),
        ("audit: {pat: log}", "did you mean 'path'"),
        ("audit: {path: log, queue: 0}", "a number at least 1 is expected"),
    ],
)
def test_what_is_wrong_about_the_record_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load({}, write(tmp_path, text))
    assert said in raised.value.message


@pytest.mark.parametrize("form", ["audit: {url}", "audit: {{store: '{url}', queue: 5}}"])
def test_a_database_is_not_a_path_and_its_password_is_told_to_nobody(tmp_path: Path, form: str) -> None:
    settings = load({}, write(tmp_path, form.format(url="postgresql://u:word-of-nobody@db/records")))
    assert settings.audit is not None
    assert settings.audit.path is None
    assert settings.audit.store is not None
    assert settings.audit.store.get_secret_value() == "postgresql://u:word-of-nobody@db/records"
    assert "nobody" not in repr(settings)


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    assert load({}, write(tmp_path, "# nothing yet\n")) == load()


@pytest.mark.parametrize("word", ["no", "No", "NO", "yes", "on", "Off", "y", "n"])
def test_a_bare_word_that_might_be_a_truth_value_is_an_error(tmp_path: Path, word: str) -> None:
    error = wrong(write(tmp_path, f"port: 1\npolicy: {word}\n"))
    assert f":2: a bare '{word}'" in error.message
    assert f'"{word}"' in error.help
    assert load({}, write(tmp_path, f'policy: "{word}"')).policy == word


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("port: 1\nhost: a\nport: 2\n", 3, "'port' is given twice, first on line 1"),
        ("upstream:\n  url: http://a\n  url: http://b\n", 3, "'url' is given twice"),
        ("a: [1", 1, "not YAML"),
        ("\tport: 1", 1, "not YAML"),
        ("a: &x 1\nb: *x\n", 2, "aliases"),
        ("- 1\n", 1, "'key: value' lines"),
        ("just words", 1, "'key: value' lines"),
        ("? [a]\n: 1\n", 1, "a key must be a word"),
        ("[" * 5000, 1, "nested too deeply"),
        ("prot: 1\n", 1, "'prot' is not a setting; did you mean 'port'?"),
        ("port: 1\nupstream:\n  ulr: http://x\n", 3, "'upstream.ulr' is not a setting; did you mean 'url'?"),
        ("keys:\n  - name: a\n    sha256: abc\n", 3, "'keys.0.sha256'"),
        ("keys:\n  - sha256: abc\n    nmae: b\n", 3, "did you mean 'name'?"),
        ("port: 70000\n", 1, "'port'"),
        ("port: 0x10\n", 1, "'port'"),
        ("workers: many\n", 1, "'workers'"),
        ("upstream:\n  url: ftp://x\n", 2, "must look like http://127.0.0.1:8000"),
        ("upstream:\n  url: http://me:secret@x\n", 2, "must not contain a password"),
        ("policy: bad name\n", 1, "'policy'"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    file = write(tmp_path, text)
    error = wrong(file)
    assert isinstance(error, SettingsError)
    assert error.exit_code == 2
    assert f"{file}:{line}: " in error.message
    assert said in error.message
    assert error.help


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    error = wrong(write(tmp_path, "prot: 1\nworkers: 0\n"), {"port": -1})
    assert ":1: 'prot'" in error.message
    assert ":2: 'workers'" in error.message
    assert "on the command line: 'port'" in error.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("upstream: http://x", "'upstream': a mapping is expected: 'key: value' lines below it"),
        ("packs: a", "'packs': a list is expected: one line with '- ' for each item"),
        ("adapters: [et]", "'adapters': a mapping is expected: 'key: value' lines below it"),
        ("adapters: {et: et-instruct}", "'adapters.et': a mapping is expected, such as {lora: et-instruct}"),
        ("locale: german", "'locale': must be a language tag, such as de-DE or et-EE"),
        ("locale: 5", "'locale': text is expected; put numbers and dates in quotes"),
        ("port: many", "'port': a whole number is expected, in digits"),
        ("workers: 0", "'workers': a number at least 1 is expected"),
        ("limits: {event_bytes: 1.5}", "'limits.event_bytes': a whole number is expected, without a fraction"),
        ("grace_seconds: soon", "'grace_seconds': a number is expected, in digits, as in 2.5"),
        ("keys: [{name: a, sha256: abc}]", "'keys.0.sha256': 64 digits of lower-case hexadecimal are expected, as "
         "`printf %s KEY | sha256sum` prints them"),
        ("policy: a b", "'policy': letters, digits, '.', '_' and '-' are expected, at most 64, "
         "a letter or digit first"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_our_words(tmp_path: Path, text: str, said: str) -> None:
    file = write(tmp_path, text)
    assert wrong(file).message == f"{file}:1: {said}."


def test_each_that_is_wrong_has_a_line_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, "port: many\n" + "# more\n" * 8 + "workers: 0\nhots: x\nlocale: 5\n")
    lines = wrong(file).message.split("\n")
    assert [line.removeprefix(f"{file}:").split(":")[0] for line in lines] == ["1", "10", "11", "12"]
    assert [line[-1] for line in lines] == [".", ".", "?", "."]


@pytest.mark.parametrize("text", [b"\xff\xfe\x00", b"x" * (LARGEST_FILE + 1)])
def test_what_cannot_be_read_as_text(tmp_path: Path, text: bytes) -> None:
    error = wrong(write(tmp_path, text))
    assert isinstance(error, UnreadableError)
    assert error.exit_code == 2


@pytest.mark.parametrize("text", ["a\0b: 1", "\x01"])
def test_control_characters_are_told(tmp_path: Path, text: str) -> None:
    assert "not YAML" in wrong(write(tmp_path, text)).message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert wrong(tmp_path / "none.yaml").exit_code == 2
    assert wrong(tmp_path).exit_code == 2


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ORDINANCE_PRT", "1", "ORDINANCE_PRT is not a setting; did you mean 'ORDINANCE_PORT'?"),
        ("ORDINANCE_UPSTREAM__ULR", "x", "ORDINANCE_UPSTREAM__ULR: 'upstream.ulr' is not a setting"),
        ("ORDINANCE_PORT", "many", "ORDINANCE_PORT: 'port'"),
        ("ORDINANCE_KEYS", "not JSON", "keys"),
    ],
)
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load()
    assert said in caught.value.message


@pytest.mark.requirement("PR-1")
def test_a_secret_never_shows(tmp_path: Path) -> None:
    secret = "canary-secret"
    good = load({}, write(tmp_path, f"upstream:\n  url: http://x\n  key: {secret}\n"))
    assert secret not in repr(good)
    bad = wrong(write(tmp_path, f"upstream:\n  url: {secret}\n  key: [{secret}]\nkeys:\n  - sha256: {secret}\n"))
    assert secret not in str(bad)


@pytest.mark.parametrize("url", ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/"])
def test_the_upstream_may_be_given_with_or_without_v1(url: str) -> None:
    settings = load({"upstream": {"url": url}})
    assert settings.upstream is not None
    assert settings.upstream.base == "http://h:1"


def test_the_page_is_current() -> None:
    current = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    assert current == page.page(), "run `make docs`"


def test_the_example_on_the_page_is_right(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", page.page(), re.DOTALL)
    assert example is not None
    settings = load({}, write(tmp_path, example[1]))
    assert [key.name for key in settings.keys] == ["citizens-desk", "school"]
    assert settings.upstream is not None


NOTHING = sha256(b"").hexdigest()
ONE, TWO = sha256(b"one").hexdigest(), sha256(b"two").hexdigest()


@pytest.mark.parametrize(
    ("hashes", "wrong"),
    [
        ([ONE, TWO], []),
        ([ONE, NOTHING], ["keys.1.sha256': this is the hash of an empty key"]),
        ([ONE, TWO, ONE], ["keys.2.sha256': `keys.0` has the same hash"]),
    ],
)
def test_a_key_is_one_and_no_other(tmp_path: Path, hashes: list[str], wrong: list[str]) -> None:
    """`printf %s "$UNSET" | sha256sum` is a hash that `Authorization: Bearer` alone would match; of two keys with one
    hash only one's attestations could hold."""
    file = tmp_path / "ordinance.yaml"
    file.write_text("keys:\n" + "".join(f"  - name: k\n    sha256: '{each}'\n" for each in hashes))
    if not wrong:
        assert [key.sha256 for key in load(file=file).keys] == hashes
        return
    with pytest.raises(SettingsError) as caught:
        load(file=file)
    for each in wrong:
        assert each in str(caught.value)
    assert str(caught.value).startswith(f"{file}:{2 * len(hashes) + 1}: "), "the line of the hash"
    assert not any(each in str(caught.value) for each in hashes)


@pytest.mark.parametrize(
    "host", ["chat.example.org:8080", "*.example.org", "https://chat.example.org", "[::1]", "a b", ""]
)
def test_a_host_that_nobody_could_ask_for_is_told(tmp_path: Path, host: str) -> None:
    file = tmp_path / "ordinance.yaml"
    file.write_text(f"hosts:\n  - chat.example.org\n  - '{host}'\n")
    with pytest.raises(SettingsError) as caught:
        load(file=file)
    assert caught.value.message.startswith(f"{file}:3: 'hosts.1': must be a name or an address without a port")


def test_hosts_are_names_and_addresses(tmp_path: Path) -> None:
    file = tmp_path / "ordinance.yaml"
    file.write_text("hosts: [Chat.example.org, desk_2, 10.0.0.1, '2001:db8::1', xn--bcher-kva.example]\n")
    assert len(load(file=file).hosts) == 5


def test_parts_are_closed_words(tmp_path: Path) -> None:
    file = tmp_path / "ordinance.yaml"
    file.write_text("parts: [image, file]\n")
    assert load(file=file).parts == ["image", "file"]
    file.write_text("parts: [image, embeddings]\n")
    with pytest.raises(SettingsError, match=r"parts\.1': one of 'image', 'audio', 'video', 'file' is expected"):
        load(file=file)
