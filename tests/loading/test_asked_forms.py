"""Forms of plugins that packs name: attached at load, and told where something is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.errors import PluginError
from ordinance.loading.load import Loaded, load
from ordinance.loading.survey import survey
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.budget import Budget
from support.forming import forming, write_house
from support.packs import TODAY, errors

pytestmark = pytest.mark.server
BUDGET = Budget(seconds=5, processes=1)


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Plugin:
    return forming(tmp_path_factory.mktemp("acme") / "acme")


def loaded(folder: Path, plugin: Plugin, rewrite: str) -> Loaded:
    return load([write_house(folder, rewrite)], plugins=[plugin], on=TODAY, budget=BUDGET)


def test_a_form_that_a_pack_names_asks_the_plugin(acme: Plugin, tmp_path: Path) -> None:
    plan = loaded(tmp_path, acme, "spelling by acme.swiss").plan
    assert [(line.by, line.slots) for line in plan.rewrites if line.by] == [("acme.swiss", ("spelling",))]
    form = plan.forms["acme.swiss"]
    assert form.width == 120
    assert form.rewrite("Die Straße.") == "Die Strasse."
    assert [(each.name, each.report()["state"]) for each in plan.attached] == [("acme-ordinance", "ready")]
    assert plan.plugins_of((), ["acme.swiss"]) == ("acme-ordinance 1.2.0",)


def test_what_is_in_parentheses_makes_another_form(acme: Plugin, tmp_path: Path) -> None:
    plan = loaded(tmp_path, acme, 'spelling by acme.swiss ("ss", "strict")').plan
    assert set(plan.forms) == {'acme.swiss ("ss", "strict")'} == {line.by for line in plan.rewrites if line.by}


def test_an_unknown_form_is_an_error_at_its_name(acme: Plugin, tmp_path: Path) -> None:
    found = loaded(tmp_path, acme, "spelling by acme.swis")
    assert errors(found) == ["detector-missing"]
    (told,) = [each for each in found.diagnostics if each.severity == "error"]
    assert (told.message, told.help) == (
        "no allowed plugin provides the form acme.swis",
        "Did you mean `acme.swiss`?",
    )
    assert (told.line, told.column) == (10, 23)


def test_a_form_that_is_not_set_up_rewrites_nothing_and_is_told(acme: Plugin, tmp_path: Path) -> None:
    found = loaded(tmp_path, acme, "spelling by acme.model")
    assert [each.severity for each in found.diagnostics if each.code == "detector-unconfigured"] == ["warning"]
    assert found.plan.forms == {}


def test_arguments_that_make_no_sense_stop_the_load_at_their_place(acme: Plugin, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"desk\.ord:10: .*there is no country `\?\?`"):
        loaded(tmp_path, acme, 'spelling by acme.swiss ("??")')


def test_a_width_that_is_none_stops_the_load(acme: Plugin, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="`width` is not from 2 to 500"):
        loaded(tmp_path, acme, "spelling by acme.wide")


def test_the_digest_covers_a_plugin_that_is_asked_for_a_form_alone(acme: Plugin, tmp_path: Path) -> None:
    other = forming(
        tmp_path / "other", "# another\n" + (acme.path / "acme_ordinance" / "__init__.py").read_text("utf-8")
    )
    both = [loaded(tmp_path / "house", each, "spelling by acme.swiss").plan.digest for each in (acme, other)]
    assert both[0] != both[1]


def test_plugins_shows_which_forms_packs_ask(acme: Plugin, tmp_path: Path) -> None:
    (seen,) = survey([acme], [write_house(tmp_path, "spelling by acme.swiss")], BUDGET)
    assert (seen.state, seen.asked) == ("ready", ("form acme.swiss",))
