"""A rule that does nothing is an error, with what makes it so; a rule that does something never is."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.packs import JURISDICTION, load_on, write_jurisdiction

HAS = "answer has any of lexicon words, pattern code, topic talk"
STAGE = "(stage is draft or stage is unknown)"
PURPOSES = "one of education, research"


def with_another(has: str = HAS, stage: str = STAGE, purpose: str = PURPOSES, bound: int = 200) -> str:
    """The jurisdiction with a second rule much like its first."""
    return JURISDICTION.replace("}\n\ncontact", f"""
  withhold 1.3 more {{
    when    {has} and {stage}
    except  study under act when purpose is {purpose}
    scope   sentence at most {bound}
    under   act
    telling gone about secrets
    example fires answer "So: secret words."
    example quiet answer "Nothing to see."
  }}
}}

contact""", 1)  # fmt: skip


def found(text: str, folder: Path) -> dict[str, str]:
    pack = write_jurisdiction(folder, text)
    return {item.code: item.message for item in load_on(pack).diagnostics if item.severity == "error"}


@pytest.mark.parametrize(
    "text",
    [
        with_another(has="answer has lexicon words"),
        with_another(stage="stage is draft"),
        with_another(stage=f"{STAGE} and age below 40"),
        with_another(purpose="one of education, research, art"),
    ],
)
def test_a_rule_that_another_covers(text: str, tmp_path: Path) -> None:
    told = found(text, tmp_path)
    assert list(told) == ["rule-covered"]
    assert "already does everything that `more` does" in told["rule-covered"]


@pytest.mark.parametrize(
    "text",
    [
        with_another(stage="stage is final"),
        with_another(stage="(stage is draft or stage is final)"),
        with_another(bound=300),
    ],
)
def test_a_rule_that_goes_further_somewhere_is_no_finding(text: str, tmp_path: Path) -> None:
    assert "rule-covered" not in found(text, tmp_path)
    assert "rule-equal" not in found(text, tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (HAS, "answer has both lexicon words and pattern code in the same sentence"),
        ("about secrets\n    example", "about secrets\n    on trial until 2026-12-01\n    example"),
    ],
)
def test_a_rule_that_finds_less_or_does_not_act_yet_covers_none(old: str, new: str, tmp_path: Path) -> None:
    """What takes a second thing beside finds less than it names; what is on trial removes nothing."""
    text = with_another(has="answer has lexicon words", stage="stage is draft").replace(old, new, 1)
    assert "everything that `more` does" not in found(text, tmp_path).get("rule-covered", "")


def test_two_reminders_of_different_hours_are_not_equal(tmp_path: Path) -> None:
    say = """  say 1.{at} often_{at} {{
    at      every {hours} hours
    under   act
    telling ai_disclosure
    example fires answer "Hello." given elapsed 20
    example quiet answer "Hello." given elapsed 1
  }}
"""
    says = "".join(say.format(at=at, hours=hours) for at, hours in ((4, 3), (5, 8)))
    assert not found(JURISDICTION.replace("}\n\ncontact", f"{says}}}\n\ncontact", 1), tmp_path)


@pytest.mark.slow
def test_two_rules_too_complex_to_compare_are_told(tmp_path: Path) -> None:
    names = [f"d{number}" for number in range(14)]
    declared = "".join(f"dimension {name} attested one of a, b, c\n" for name in names)

    def crossing(one: str, two: str, step: int) -> str:
        pairs = zip(names, names[step:] + names[:step], strict=True)
        return "(" + " or ".join(f"({name} is {one} and {other} is {two})" for name, other in pairs) + ")"

    text = with_another(stage=crossing("a", "b", 3)).replace(f"{STAGE}\n", f"{crossing('b', 'c', 5)}\n", 1)
    told = found(text.replace("dimension stage", f"{declared}dimension stage", 1), tmp_path)
    assert "too complex to compute" in told["too-complex"]


def test_two_rules_that_are_equal_are_told_once(tmp_path: Path) -> None:
    told = found(with_another(), tmp_path)
    assert list(told) == ["rule-equal"]
    assert told["rule-equal"].startswith("`more` does the same as `words` on line")


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("age below 18 and turn below 5", "age below 0", "never-fires", "its condition is never true"),
        ("age below 18 and turn below 5", "stage is draft and stage is final", "never-fires", "is never true"),
        ("(stage is draft or stage is unknown)", "purpose is education", "never-fires", "its exceptions leave no"),
        ("place within XA or seat within XA", "(place within XA and place within XB and place is XC)", "never-fires",
         "the reach of its law is never true"),
        ("place within XA or seat within XA, not", "stage is final, not", "never-fires",
         "its condition excludes the jurisdiction"),
        ("(stage is draft or stage is unknown)", "purpose is art", "exception-idle", "`study` never applies when"),
    ],
)  # fmt: skip
def test_what_can_never_be(old: str, new: str, code: str, said: str, tmp_path: Path) -> None:
    assert old in JURISDICTION
    assert said in found(JURISDICTION.replace(old, new, 1), tmp_path)[code]


def test_a_rule_with_an_error_of_its_own_is_not_also_called_idle(tmp_path: Path) -> None:
    text = JURISDICTION.replace("age below 18 and turn below 5", "age below eighteen")
    assert "never-fires" not in found(text, tmp_path)


def test_a_condition_that_is_too_complex_is_told_and_names_the_rule(tmp_path: Path) -> None:
    names = [f"d{number}" for number in range(24)]
    declared = "".join(f"dimension {name} attested one of a, b, c\n" for name in names)
    pairs = zip(names[::2], names[1::2], strict=True)
    condition = " and ".join(f"({one} is a or {two} is a)" for one, two in pairs)
    text = JURISDICTION.replace("dimension stage", f"{declared}dimension stage", 1)
    told = found(text.replace("(stage is draft or stage is unknown)", f"{condition} and stage is draft"), tmp_path)
    assert "in which `words` acts are too complex to compute" in told["too-complex"]
