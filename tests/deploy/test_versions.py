"""docs/upgrading.md names the versions of the forms that people keep, as the code has them."""

from __future__ import annotations

import re

from ordinance.cli.main import COMMANDS
from ordinance.judging.calibration import Calibration
from ordinance.plugin import API
from ordinance.serve.record.audit_log import VERSION
from ordinance.trust import statements
from ordinance.trust.roots import ROOT_TYPE
from support.checkout import ROOT
from support.packs import SHIPPED_CHARTER

PAGE = (ROOT / "docs" / "upgrading.md").read_text("utf-8")


def row(what: str) -> str:
    (found,) = re.findall(rf"^\| {what} \|.*$", PAGE, re.MULTILINE)
    return str(found)


def test_each_form_has_the_version_that_the_page_says() -> None:
    charter = re.search(r"^charter (\w+) (\d+)\.", SHIPPED_CHARTER, re.MULTILINE)
    assert charter is not None
    assert f"`under charter {charter[1]} {charter[2]}`" in row("packs")
    assert f'`"v": {VERSION}`' in row("the record")
    assert f'`"format": "{Calibration.model_fields["format"].default}"`' in row("calibrations")
    assert f"`{statements._PREDICATE}`" in row("bundles")
    assert f"`{ROOT_TYPE}`" in row("bundles")
    assert f"`api = {API}`" in row("plugins")


def test_there_is_a_command_to_migrate_only_where_the_page_says_so() -> None:
    assert ("migrate" in dict(COMMANDS)) is ("nothing to migrate today" not in PAGE)
