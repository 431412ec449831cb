"""What a plugin's folder says about the plugin, read without importing any of it.

The folder is what an installer has filled: the plugin's package, what it depends on, and their ``.dist-info`` folders.
The entry point of the plugin's distribution names its package, and ``ordinance-plugin.toml`` in that package says what
it provides.
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from ordinance.errors import PluginError
from ordinance.plugin import API
from ordinance.plugins.beside import GROUP as GROUP

FILE = "ordinance-plugin.toml"

_NAMED = re.compile(r"(detector|judge|form) ([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)")
#: The hooks that are asked without a name, by what ``provides`` calls them.
ALONE = {"sink": "audit_sink", "health": "health"}

Type = Literal["text", "whole number", "number", "yes or no", "list of text"]
Value = str | int | float | bool | list[str]


#: How distributions are named and numbered, and modules named.
_DISTRIBUTION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*")
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


def _sentence(text: str) -> str:
    """Return ``text`` on one line. What a manifest says is shown to the operator, in the entry to paste too."""
    return _shown(" ".join(text.split()))


def _shown(text: str) -> str:
    if not text.isprintable():
        raise ValueError("it contains a character that cannot be shown, such as a line break")
    return text


def _each_shown(value: Value) -> Value:
    for each in value if isinstance(value, list) else [value]:
        _shown(str(each))
    return value


def _inside(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"`{path}` is not within the package")
    return _shown(path)


Sentence = Annotated[str, AfterValidator(_sentence)]
Shown = Annotated[str, AfterValidator(_shown)]
ShownValue = Annotated[Value, AfterValidator(_each_shown)]
SettingName = Annotated[str, Field(pattern="^[A-Za-z][A-Za-z0-9_-]*$")]
Inside = Annotated[str, AfterValidator(_inside)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SettingSpec(_Table):
    """``[settings.NAME]``: a setting that the operator gives to the plugin."""

    type: Type = Field(description="`text`, `whole number`, `number`, `yes or no` or `list of text`.")
    description: Sentence = Field(description="What it is for, in a sentence.")
    default: Annotated[Value, AfterValidator(_each_shown)] | None = Field(
        default=None, description="Its value if the operator gives none. Default: required."
    )
    choices: list[Shown] = Field(default_factory=list, description="The only values that it may have. Default: any.")


class Needs(_Table):
    """``[needs]``: what the plugin cannot work without."""

    memory_mb: int = Field(
        default=512, ge=32, le=1_000_000, description="Memory of each of its processes, in megabytes. Default: 512."
    )
    network: Sentence = Field(default="", description="In words, what it connects to. Default: nothing.")
    folder: Sentence = Field(default="", description="In words, what it writes. Default: nothing.")


def _offered(name: str) -> str:
    if name not in ALONE and not _NAMED.fullmatch(name):
        raise ValueError("write `detector vendor.name`, `judge vendor.name`, `form vendor.name`, `sink` or `health`")
    return name


class Manifest(_Table):
    """``ordinance-plugin.toml``, in the plugin's package."""

    api: int = Field(description="The version of the contract that the plugin was written for: 1.")
    vendor: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")] = Field(
        description="The first half of each of its names: `acme` in `acme.codes`."
    )
    provides: list[Annotated[str, AfterValidator(_offered)]] = Field(
        default_factory=list,
        description="What its code provides: `detector acme.codes`, `judge acme.tone`, `form acme.swiss`, `sink`, "
        "`health`.",
    )
    packs: list[Annotated[str, AfterValidator(_inside)]] = Field(
        default_factory=list, description="Packs, by their path in the package."
    )
    instructions: dict[Annotated[str, Field(pattern="^[a-z]{2,3}$")], Annotated[str, AfterValidator(_inside)]] = Field(
        default_factory=dict,
        description='Instructions to the model, by language: `sv = "instructions/sv.toml"`, a path in the package.',
    )
    needs: Needs = Needs()
    settings: dict[SettingName, SettingSpec] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_sound(self) -> Manifest:
        if not 1 <= self.api <= API:
            raise ValueError(f"`api` is {self.api}; this engine has version {API} of the contract")
        if not self.provides and not self.packs and not self.instructions:
            raise ValueError("`provides`, `packs` or `instructions` must name something")
        for offered in self.provides:
            named = _NAMED.fullmatch(offered)
            if named and named[2] != self.vendor:
                raise ValueError(f"`{offered}` must begin with the vendor: `{named[1]} {self.vendor}.{named[3]}`")
        return self

    def names(self, hook: str) -> tuple[str, ...]:
        """Return the full names that the plugin provides for ``hook``, such as ``detector``."""
        return tuple(each.partition(" ")[2] for each in self.provides if each.startswith(f"{hook} "))


class Found(_Table):
    """A plugin in a folder: the name and version of its distribution, the package that its entry point names, and its
    manifest."""

    name: str
    version: str
    package: str
    manifest: Manifest


def read(folder: Path) -> Found:
    """Read which plugin lies in ``folder``. Raises ``PluginError``."""
    if not folder.is_dir():
        raise PluginError(f"{folder} is not a folder.", help="`ordinance plugin install WHEEL --to FOLDER` makes one.")
    try:
        pointed = [
            (distribution.name, distribution.version, point)
            for distribution in _distributions(folder)
            for point in distribution.entry_points
            if point.group == GROUP
        ]
    except (OSError, ValueError, TypeError) as error:  # TypeError: a line of entry points without `=`
        raise PluginError(
            f"the metadata in {folder} cannot be read ({type(error).__name__}).",
            help="Install the plugin again with `ordinance plugin install`, or ask its authors.",
        ) from None
    if len(pointed) != 1:
        found = "no plugin" if not pointed else f"{len(pointed)} entry points of the group `{GROUP}`"
        raise PluginError(f"{folder} contains {found}.", help="Install each plugin into a folder of its own.")
    [(name, version, point)] = pointed
    module = point.value.partition(":")[0].strip()
    parts = ((_DISTRIBUTION, name), (_VERSION, version), (_MODULE, module))
    if not all(part and form.fullmatch(part) for form, part in parts):  # a part may be None, whatever its type says
        raise PluginError(
            f"{folder}: the plugin's name, its version or its entry point is missing, or has a character that none may "
            "have.",
            help="Ask the plugin's authors.",
        )
    place = folder.joinpath(*module.split("."), FILE)
    return Found(name=name, version=version, package=module, manifest=_manifest(place))


def read_toml(place: Path) -> dict[str, Any]:
    """Return what the TOML file at ``place`` says. Raises ``OSError``, and ``ValueError`` for what is not TOML or is
    nested too deeply."""
    try:
        return tomllib.loads(place.read_text("utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _distributions(folder: Path) -> list[Distribution]:
    return [PathDistribution(path) for path in sorted(folder.glob("*.dist-info"))]


def _manifest(place: Path) -> Manifest:
    try:
        given = read_toml(place)
    except FileNotFoundError:
        raise PluginError(
            f"{place} is missing.", help="A plugin's package contains its manifest; ask the plugin's authors for it."
        ) from None
    except (OSError, ValueError) as error:
        raise PluginError(f"{place} cannot be read: {error}.", help="Ask the plugin's authors.") from None
    try:
        return Manifest.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the manifest"
        said = first["msg"].removeprefix("Value error, ")
        raise PluginError(f"{place}: {where}: {said}.", help="Ask the plugin's authors; docs/plugins.md.") from None
