"""The kit: whether the plugin in a folder keeps the contract, as a list of faults."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ordinance.conformance.answering import try_health, try_judge, try_sink
from ordinance.conformance.bench import Bench, Faults, StoppedError
from ordinance.conformance.detecting import try_detector
from ordinance.conformance.faults import Fault, fault
from ordinance.conformance.folder import folder_faults, manifest_of
from ordinance.conformance.form_trials import try_form
from ordinance.conformance.own_examples import Example, Examples, ExamplesError, read_examples
from ordinance.errors import OrdinanceError, PluginError, UsageError
from ordinance.loading.instructing import catalogue_of
from ordinance.loading.load import load
from ordinance.plugin import Asked
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.budget import Budget
from ordinance.plugins.manifest import ALONE, Found
from ordinance.plugins.own_settings import typed
from ordinance.plugins.prepared import Use
from ordinance.plugins.seal import seal


@dataclass(frozen=True, slots=True)
class Checked:
    """What was tried, and what came of it: the plugin, None where its manifest cannot be read; its ``faults``; and what
    could not be tried here, in words."""

    found: Found | None
    faults: tuple[Fault, ...]
    untried: tuple[str, ...] = ()


def check_plugin(
    folder: Path, *, network: Sequence[str] = (), writes: Path | None = None, budget: Budget | None = None
) -> Checked:
    """Try the plugin that is installed in ``folder``. ``network`` are addresses that it may connect to, ``writes`` is
    the folder that it may write in (default: one that is removed afterwards), and ``budget`` its time.

    Raises ``UsageError`` where ``folder`` is not a folder, or contains source that was not built.
    """
    _refuse_source(folder)
    found = manifest_of(folder)
    if isinstance(found, Fault):
        return Checked(None, (found,))
    faults = Faults(f"{found.name} {found.version}")
    for each in folder_faults(folder, found):
        faults.add(each)
    package = folder.joinpath(*found.package.split("."))
    examples = Examples()
    try:
        examples = read_examples(package, found.manifest)
    except ExamplesError as error:
        faults.add(fault("examples-invalid", "manifest", f"{faults.whose}: ordinance-examples.toml: {error}."))
    with tempfile.TemporaryDirectory() as temporary:
        try:
            plugin = _plugin(folder, found, examples, network, writes or Path(temporary))
        except PluginError as error:
            faults.add(fault("unconfigured", "manifest", error.message))
        else:
            _try(plugin, examples, budget or Budget(), faults)
            _check_packs(plugin, faults)
            _check_instructions(plugin, faults)
    return Checked(found, tuple(faults), tuple(faults.untried))


def _refuse_source(folder: Path) -> None:
    if not folder.is_dir():
        raise UsageError(
            f"{folder} is not a folder.", help="Give the folder that `ordinance plugin install` has filled."
        )
    if (folder / "pyproject.toml").is_file() and not any(folder.glob("*.dist-info")):
        raise UsageError(
            f"{folder} contains source, not an installed plugin.",
            help="Build it and install it: `python -m build --wheel`, `ordinance plugin install dist/*.whl --to DIR`.",
        )


def _plugin(folder: Path, found: Found, examples: Examples, network: Sequence[str], writes: Path) -> Plugin:
    """Return the plugin as an operator allows it. Raises ``PluginError`` where a setting is missing."""
    settings, _ = typed(found, examples.settings)
    return Plugin(
        name=found.name,
        version=found.version,
        path=folder.absolute(),
        sha256=seal(folder),
        package=found.package,
        manifest=found.manifest,
        settings=settings,
        network=tuple(network),
        writes=writes if found.manifest.needs.folder else None,
    )


def _try(plugin: Plugin, examples: Examples, budget: Budget, faults: Faults) -> None:
    """Try all that the plugin provides."""
    manifest = plugin.manifest
    if not manifest.provides:
        return
    each = examples.of(manifest)
    for bare in each:
        if not bare.is_told:
            faults.note("examples-missing", bare.use, "has no examples that say when it finds something and when not")
    with suppress(StoppedError):
        with Bench(plugin, list(_uses(each, manifest.provides)), budget, faults) as bench:
            bench.start()
        _try_each(plugin, each, budget, faults)
    if _was_changed(plugin):
        faults.note("file-changed", "import", "changed its own files while it ran")


def _was_changed(plugin: Plugin) -> bool:
    try:
        return seal(plugin.path) != plugin.sha256
    except (PluginError, OSError):
        return True


def _uses(examples: Sequence[Example], provides: Sequence[str]) -> Iterator[Use]:
    yield from (each.as_use for each in examples)
    yield from (Use(ALONE[name], Asked("")) for name in provides if name in ALONE)


def _try_each(plugin: Plugin, examples: Sequence[Example], budget: Budget, faults: Faults) -> None:
    trials = {"detector": try_detector, "judge": try_judge, "form": try_form}
    for example in examples:
        with suppress(StoppedError):
            trials[example.hook](plugin, example, budget, faults)
    with suppress(StoppedError):
        if "sink" in plugin.manifest.provides:
            try_sink(plugin, budget, faults)
    with suppress(StoppedError):
        if "health" in plugin.manifest.provides:
            try_health(plugin, examples, budget, faults)


def _check_packs(plugin: Plugin, faults: Faults) -> None:
    for name, path in zip(plugin.manifest.packs, plugin.packs, strict=True):
        try:
            loaded = load([path], plugins=[plugin])
        except OrdinanceError as error:
            faults.add(fault("pack-fails", name, f"{faults.whose}: {name}: {error.message}"))
            continue
        for item in loaded.diagnostics:
            if item.severity == "error":
                faults.add(fault("pack-fails", name, f"{faults.whose}: {name}:{item.line}: {item.code}."))


def _check_instructions(plugin: Plugin, faults: Faults) -> None:
    for language, file in plugin.manifest.instructions.items():
        hook = f"instructions in {language}"
        try:
            missing = list(catalogue_of(plugin, language).missing())
        except PluginError as error:
            code = "instructions-taken" if error.cause == "taken" else "instructions-invalid"
            faults.add(fault(code, hook, error.message))
            continue
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            faults.add(fault("instructions-missing", hook, f"{faults.whose}: {file} has no `{missing[0]}`{more}."))
