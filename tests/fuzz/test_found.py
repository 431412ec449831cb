"""What fuzzing has found: each input once ended in a traceback, or would have without end."""

from __future__ import annotations

import pytest

from fuzz.catalogue import target_named
from fuzz.plugin_parts import METADATA, wheel
from fuzz.trying import attempt

_LONG = b"9" * 5000
_DEEP = b"[" * 3000
_DOUBLING = b"a0: &a0 [1, 1]\n" + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 40))
_MANIFEST = b'api = 1\nvendor = "acme"\nprovides = '

FOUND: dict[str, tuple[str, bytes]] = {
    "a return within a line of a lexicon": ("lexicon-csv", b"phrase,endings\na\rb,s\n"),
    "a return in the heading of a lexicon": ("lexicon-csv", b"phr\rase,endings\na,s\n"),
    "a return within a line of translations": ("translation-csv", b"id,to,translation\nA/b,et,one\rtwo\n"),
    "a text whose situation lacks a value": ("labelled-texts", b"quiet DE/flags given purpose a,b\n  The lesson.\n"),
    "an encoding that nobody knows": ("translation-xliff", b'<?xml version="1.0" encoding="UTF-9x"?>\n<xliff/>'),
    "settings with a number of 5000 digits": ("settings", b"workers: " + _LONG),
    "settings with a version of 5000 digits": ("settings", b"%YAML 1." + _LONG + b"\n---\nworkers: 1\n"),
    "settings with a character past the last": ("settings", rb'jurisdiction: "\UFFFFFFFF"'),
    "a plan of a root with a number of 5000 digits": ("root-plan", b"expires: " + _LONG),
    "an Envoy's settings with a day that is not one": ("envoy-settings", b"at: 2001-13-45\n"),
    "an Envoy's settings with a wrong whole number": ("envoy-settings", b"a: !!int x\n"),
    "an Envoy's settings with a wrong time": ("envoy-settings", b"a: !!timestamp x\n"),
    "an Envoy's settings with a wrong truth value": ("envoy-settings", b"a: !!bool maybe\n"),
    "an Envoy's settings with an empty whole number": ("envoy-settings", b"a: !!int ''\n"),
    "an Envoy's settings that contain themselves": ("envoy-settings", b"a: &a [*a]\n"),
    "an Envoy's settings that double forty times": ("envoy-settings", _DOUBLING),
    "an Envoy's settings with a word for a mapping": (
        "envoy-settings", b"a:\n  '@type': x.network.http_connection_manager.v3.HttpConnectionManager\n  rds: word\n"
    ),
    "an Envoy's settings with a number for a list": (
        "envoy-settings",
        b"a:\n  '@type': x.network.http_connection_manager.v3.HttpConnectionManager\n  http_filters: 7\n",
    ),
    "a manifest with a number of 5000 digits": ("plugin-manifest", b"api = " + _LONG),
    "a manifest nested 3000 times": ("plugin-manifest", _MANIFEST + _DEEP),
    "examples with a number of 5000 digits": ("plugin-examples", b"a = " + _LONG),
    "examples nested 3000 times": ("plugin-examples", b"a = " + _DEEP),
    "instructions with a number of 5000 digits": ("instructions", b"closing = " + _LONG),
    "metadata that is not UTF-8": ("plugin-metadata", b"Name: acme\nVersion: 1.0.0\n\n\xf4\x8f"),
    "metadata without a name": ("plugin-metadata", b"Version: 1.0.0\n\n"),
    "entry points that are not UTF-8": ("plugin-entry-points", b"[ordinance]\nacme = \xc0\x80\n"),
    "an entry point without a module": ("plugin-entry-points", b"[ordinance]\nacme\n"),
    "a list of files that is not UTF-8": ("plugin-record", b"acme/\xa8,sha256=x,0\n"),
    "a list of files with a name that is too long": ("plugin-record", b"a" * 4000 + b",sha256=x,0\n"),
    "a wheel whose data are damaged": ("wheel", wheel(8).replace(wheel(8)[60:90], b"\xff" * 30)),
    "a wheel packed in another way": ("wheel", wheel(14)),
    "a wheel with a method that no one knows": ("wheel", wheel(0).replace(b"\x14\0\0\0\0\0", b"\x14\0\0\0\x63\0")),
    "a wheel without a version": ("wheel", wheel(0, METADATA="Name: acme\n\n")),
    "a wheel with 64 MiB of metadata": ("wheel", wheel(8, METADATA=METADATA + "x" * (64 << 20))),
}  # fmt: skip


@pytest.mark.parametrize("what", FOUND)
def test_it_is_an_error_with_a_way_out(what: str) -> None:
    name, data = FOUND[what]
    found = attempt(target_named(name), data)
    assert found is None, found.trace


def test_half_a_character_does_not_reach_the_settings() -> None:
    target = target_named("settings")
    for text in (rb'jurisdiction: "\ud800"', rb'"\udc00": 1'):
        with pytest.raises(target.declared, match="surrogate"):
            target.parse(text)


@pytest.mark.parametrize(
    "what", ["a wheel packed in another way", "a wheel without a version", "a wheel with 64 MiB of metadata"]
)
def test_a_wheel_that_would_take_any_amount_of_memory_or_has_no_name_is_not_one(what: str) -> None:
    name, data = FOUND[what]
    target = target_named(name)
    with pytest.raises(target.declared, match="not a wheel"):
        target.parse(data)
