"""``ordinance-examples.toml``: what a plugin finds and what not, written by its author and tried by the kit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ordinance.plugin import Asked, Question, Served
from ordinance.plugins.manifest import Manifest, Value, read_toml
from ordinance.plugins.prepared import Use
from ordinance.substance.closed_classes import language_of

FILE = "ordinance-examples.toml"


class ExamplesError(Exception):
    """The file cannot be used; the text says where and why."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Model(_Table):
    """What is served for a judge that asks a model: what an operator writes in an entry of ``judges``."""

    url: str
    model: str
    renderer: str = ""
    seconds: float = Field(default=1.0, gt=0)
    labels: dict[str, list[str]] = Field(default_factory=dict)


class Example(_Table):
    """Examples of one use: a name that the manifest lists, such as ``detector acme.id``, with its arguments.

    ``fires`` are texts in which it finds something, or which score at least ``at_least``; ``quiet`` are others.
    ``rewrites`` are pairs: a text, and what a form makes of it; both are in ``language``.
    """

    use: str
    arguments: list[str] = Field(default_factory=list)
    prose: str = ""
    at_least: float = Field(default=0.5, ge=0, le=1)
    fires: list[str] = Field(default_factory=list)
    quiet: list[str] = Field(default_factory=list)
    rewrites: list[list[str]] = Field(default_factory=list)
    language: str = ""
    served: Model | None = None

    @property
    def hook(self) -> str:
        """Return the hook that is asked."""
        return self.use.partition(" ")[0]

    @property
    def asked(self) -> Asked:
        """Return what a pack would ask."""
        return Asked(self.use.partition(" ")[2], tuple(self.arguments), self.prose)

    @property
    def as_use(self) -> Use:
        """Return what is asked of the plugin; of a judge, with a question of the ``prose`` and the model ``served``."""
        if self.hook != "judge":
            return Use(self.hook, self.asked)
        served = None if self.served is None else Served(**self.served.model_dump())
        return Use(self.hook, self.asked, Question("example/rule", self.prose), served)

    @property
    def is_told(self) -> bool:
        """Return whether the examples say enough to notice that nothing is found, or everything."""
        return bool(self.rewrites) if self.hook == "form" else bool(self.fires and self.quiet)


class Examples(_Table):
    """The file: the settings with which the plugin is tried, and the examples of each use."""

    settings: dict[str, Value] = Field(default_factory=dict)
    example: list[Example] = Field(default_factory=list)

    def of(self, manifest: Manifest) -> tuple[Example, ...]:
        """Return the examples, with an empty one for each name of ``manifest`` that has none."""
        named = {each.use for each in self.example}
        bare = [Example(use=offered) for offered in manifest.provides if " " in offered and offered not in named]
        return (*self.example, *bare)


def read_examples(package: Path, manifest: Manifest) -> Examples:
    """Read the examples in the folder of a plugin's ``package``; without a file there are none. Raises
    ``ExamplesError``."""
    try:
        given = read_toml(package / FILE)
    except FileNotFoundError:
        return Examples()
    except (OSError, UnicodeDecodeError) as error:
        raise ExamplesError(f"it cannot be read: {type(error).__name__}") from None
    except ValueError as error:
        raise ExamplesError(str(error)) from None
    try:
        found = Examples.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise ExamplesError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    for wrong in _wrong(found, manifest):
        raise ExamplesError(wrong)
    return found


def _wrong(found: Examples, manifest: Manifest) -> Iterator[str]:
    for example in found.example:
        if example.use not in manifest.provides:
            yield f"`{example.use}` is not in the manifest's `provides`"
        if any(len(pair) != 2 for pair in example.rewrites):
            yield f"{example.use}: `rewrites` contains pairs, [text, what becomes of it]"
        if example.hook == "form" and (example.fires or example.quiet):
            yield f"{example.use}: a form has `rewrites`, not `fires` and `quiet`"
        if example.hook != "form" and example.rewrites:
            yield f"{example.use}: `rewrites` is for forms"
        if example.hook != "form" and example.language:
            yield f"{example.use}: `language` is for forms"
        if example.language and language_of(example.language) is None:
            yield f"{example.use}: the witness does not know the language `{example.language}`"
        if example.hook == "judge" and not example.prose:
            yield f"{example.use}: a judge needs `prose`, what the rule says that it means"
        if example.hook != "judge" and example.served is not None:
            yield f"{example.use}: `served` is for judges"
