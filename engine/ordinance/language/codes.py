"""Every code a diagnostic can carry: what it is called, how severe it is, and what to do about it.

The catalogue is data; the text at a finding says what was found, the catalogue what the family is about. A code is
never renamed and never used for something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Entry:
    """``help`` is the advice when a finding has none of its own.

    ``unreadable``: nothing can be said about the content (exit code 2). ``absence``: something is missing; not
    reported while another file has syntax errors, for what is missing may stand in the part that was not understood.
    """

    title: str
    help: str
    severity: Severity = "error"
    unreadable: bool = False
    absence: bool = False


CATALOGUE: dict[str, Entry] = {
    # Files
    "file-missing": Entry("the file is not there", "Check the path.", unreadable=True),
    "file-unreadable": Entry("the file cannot be read", "Check its permissions.", unreadable=True),
    "file-too-large": Entry("the file is larger than a pack or lexicon may be", "Split it.", unreadable=True),
    "load-too-large": Entry(
        "the files of a load are more than a policy may have",
        "Load fewer packs, or take out what is written twice; the bounds stand in the manual of the language.",
        unreadable=True,
    ),
    "not-utf8": Entry("the file is not UTF-8 text", "Save it as UTF-8 without a byte-order mark.", unreadable=True),
    "nul-character": Entry("the file holds a NUL character", "Remove it, or give the text file.", unreadable=True),
    "no-packs": Entry("no packs were found", "Give a pack (*.ord) or a folder that holds some.", unreadable=True),
    "byte-order-mark": Entry("the file begins with a byte-order mark", "Save it as UTF-8 without a byte-order mark."),
    "empty-pack": Entry("the pack is empty", "Begin with `charter`, `jurisdiction` or `language`."),
    "too-many": Entry("more is wrong than is worth telling", "Correct what is told first, and check again.", "warning"),
    "outside-folder": Entry("a file lies outside its pack's folder", "Move it into the folder of the pack."),
    "lexicon-missing": Entry("a lexicon's file is not there", 'Put it in "lexicons/" beside the pack.'),
    "lexicon-empty": Entry("a lexicon has no phrase", "Write one phrase a line."),
    "no-plan": Entry("the packs do not make a policy, and no finding says why", "Please report this, with the packs."),
    # Text
    "typographic-quote": Entry("a typographic quote stands for a plain one", 'Write "plain quotes" around a text.'),
    "odd-space": Entry("an unusual space stands between words", "Type an ordinary space."),
    "hidden-direction": Entry("a character changes the direction of text unseen", "Remove it."),
    "control-character": Entry("a control character stands in a text", "Remove it."),
    "mixed-scripts": Entry("a word mixes letters of two scripts", "Write it in the letters of one script."),
    "phrase-empty": Entry("a phrase has nothing left to look for", "Write letters or digits in it, or remove it."),
    "endings-invalid": Entry("braces in a phrase do not state its endings", "Write Kind{,es,er,ern}, or no braces."),
    "phrases-too-many": Entry(
        "all phrases together are more than a policy may have",
        "Take out phrases or endings that others cover, or look for shapes with a pattern.",
    ),
    "phrase-twice": Entry("two phrases are the same once folded", "Keep one of them.", "warning"),
    "rule-waits": Entry(
        "a rule makes ordinary text wait",
        "Begin what it looks for with what ordinary text seldom has, or narrow its first characters.",
        "warning",
    ),
    "detector-missing": Entry("a detector is not registered", "Install the plugin that registers it."),
    "detector-unconfigured": Entry("a detector is struck out: it is not set up", "Set up what it names.", "warning"),
    "detector-fails": Entry("a plugin's detector cannot be prepared", "Ask the plugin's authors, or remove it."),
    "judge-missing": Entry("a test is struck out: no judge is configured", "Nothing to do.", "warning"),
    "pattern-invalid": Entry("a pattern lies outside the dialect", "See the dialect of patterns in the manual."),
    # Syntax
    "patterns-too-large": Entry(
        "all patterns together are more than a policy may have", "Lower the counts in braces, or take patterns out."
    ),
    "syntax": Entry("something else is expected here", "See the shape of packs in the manual."),
    "unknown-word": Entry("a word is not known here", "Check its spelling and the order of clauses."),
    "unfinished-text": Entry("a text has no closing quote", 'Close it with " on the same line.'),
    "mixed-and-or": Entry("`and` and `or` are mixed", "Put parentheses around one of them."),
    "too-deep": Entry("parentheses are nested too deeply", "Write the condition flatter, or as two rules."),
    "wrong-kind": Entry("this kind of pack may not say that", "Say it in the kind of pack that may."),
    "not-yet": Entry("this construct cannot run yet", "Leave it out; a rule without effect would be worse than none."),
    # Names
    "name-invalid": Entry("a name is not well formed", "Use letters, digits and `_`, of one script."),
    "name-keyword": Entry("a name is spelled like a keyword", "Choose another name."),
    "name-undefined": Entry("a name is not defined", "Define it, or correct its spelling.", absence=True),
    "name-twice": Entry("a name is defined twice", "Rename or remove one of them."),
    "name-unused": Entry("a name is never used", "Use it or remove it.", absence=True),
    "number-twice": Entry("a number is given twice", "Numbers are cited: give each section and rule its own."),
    "number-form": Entry("a number does not have its form", "Sections count 1, 2, 3; their rules 1.1, 1.2."),
    # Packs
    "version-form": Entry("a version does not have the form N.N.N", "Write three numbers, as in 2026.11.0."),
    "code-invalid": Entry("a jurisdiction's code is not one", "Write it as in DE, EU or US-CA."),
    "tag-invalid": Entry("a language tag is not one", "Write it as in et, de or fr-CA."),
    "zone-invalid": Entry("a time zone is not known", 'Write it as in "Europe/Berlin".'),
    "charter-second": Entry("a policy has exactly one charter", "Give one charter only."),
    "charter-missing": Entry("the charter that a pack names is not there", "Give the charter's file as well."),
    "charter-differs": Entry("packs name different charters", "Load packs of one charter and one major version."),
    "charter-altered": Entry(
        "a charter has the name and version of the one that ships, and says something else",
        "Give it a name or a version of its own, or take the one that ships.",
        "warning",
    ),
    "pack-ambiguous": Entry("two packs fit the same name", "Give one of them."),
    "pack-twice": Entry("a pack is loaded twice", "Give it once."),
    "parent-missing": Entry(
        "the jurisdiction that a pack lies within is not there",
        "Give its pack as well, or leave the line out where there is none.",
    ),
    "parent-circle": Entry("jurisdictions lie within each other in a circle", "Correct `within` in one of them."),
    "section-empty": Entry("a section has no rule", "Write a rule in it or remove it.", absence=True),
    # Charter
    "harm-missing": Entry("the charter lacks a red line of the closed list", "Write it.", absence=True),
    "harm-unknown": Entry("a red line is not on the closed list", "Name it as the list does."),
    "harm-toothless": Entry("a red line does not trip on its own example", "Correct the example or the lexicon."),
    "red-line-notice": Entry("a red line must tell the notice `red_line`", "Write `telling red_line`."),
    "engine-notice": Entry("a notice that the engine gives has no text", "Write the notice.", absence=True),
    # Telling
    "notice-text": Entry("a notice lacks a text in a loaded language", "Write the text.", absence=True),
    "label-text": Entry("a label lacks a text in a loaded language", "Write the text.", absence=True),
    "notice-variable": Entry("a notice holds an unknown variable", "See the variables of notices in the manual."),
    "notice-silent": Entry("a notice does not say what it must", "Write {type} and {law} where they belong."),
    "notice-unresolved": Entry("a notice holds a variable that nothing gives a value", "Leave it out of this notice."),
    "plural-form": Entry("plural forms are not those of the language", "Write each of its forms, or one text for all."),
    "marker-sign": Entry("a text holds the sign that marks an omission", "Write it without ⟦ and ⟧."),
    "notice-reveals": Entry(
        "a text that people get holds what a rule leaves out", "Say it in words that the rule does not look for."
    ),
    "text-language": Entry("a language pack writes its own language only", "Move the text to that language's pack."),
    # Law
    "date-invalid": Entry("a date does not exist", "Write it as in 2026-11-01."),
    "dates-inverted": Entry("a law ends before it begins", "Correct `from` or `until`."),
    "dates-overlap": Entry("a law is in force twice at one time", "Correct the dates of one of them."),
    "dates-gap": Entry("a law is not in force for a time in between", "Let the next period begin when the last ends."),
    "law-uncertain": Entry("an uncertain law would enforce something", "Write `on trial until DATE` behind `telling`."),
    "source-invalid": Entry("a source is not an https address", 'Write it as in "https://www.example.org/law".'),
    "reach-unknown": Entry(
        "a law by place must say what an unknown place means", "End `reaches` with `, not unknown` or `, or unknown`."
    ),
    "law-off": Entry("a law is not in force on this date", "Its rules are off, which may be meant.", "warning"),
    "date-stale": Entry("a fact was seen long ago", "Look again and correct `seen`.", "warning"),
    # Conditions
    "condition-nested": Entry("a named condition names another", "Write what the other says in its place."),
    "value-unknown": Entry("a dimension does not have that value", "Use one of its values."),
    "test-unfit": Entry("a test does not fit its dimension", "See the dimension's kind in the manual."),
    "reads-claimed": Entry(
        "a condition of law reads what a request merely claims", "Read attested dimensions, as `purpose` or `place`."
    ),
    "reads-unknown": Entry("an exception matches the unknown", "Write the values for which the exception holds."),
    "prompt-withheld": Entry("only an answer can be withheld", "Write `when answer has …`."),
    "topic-alone": Entry("a topic alone triggers no omission", "Name a lexicon, a pattern or a detector."),
    "hours-invalid": Entry("a number of hours makes no sense", "Write from 1 to 8760 hours."),
    "bound-invalid": Entry("the bound of a scope is not a sensible number", "Write from 1 to 10000 characters."),
    # Proofs
    "charter-weakened": Entry(
        "the loaded packs take something from the charter",
        "Write its condition so that no pack can widen it.",
    ),
    "never-fires": Entry("a rule can never fire", "Correct its condition, its law's reach or dates, or remove it."),
    "rule-covered": Entry("another rule does all that a rule does", "Remove it, or say where it goes further."),
    "rule-equal": Entry("two rules of a pack do the same", "Keep one of them."),
    "exception-idle": Entry(
        "an exception never holds where its rule is in force", "Correct its condition, or remove it."
    ),
    "slots-conflict": Entry(
        "two settings of equal rank meet with different values",
        "Give both one value, or set them apart by `when`.",
    ),
    "too-complex": Entry("a condition is too complex to prove anything of it", "Split the rule in two or more."),
    # Examples
    "example-fires": Entry("a rule has no example that fires", "Write `example fires …`.", absence=True),
    "example-quiet": Entry("a rule has no example that stays quiet", "Write `example quiet …`.", absence=True),
    "example-passes": Entry("a guarantee has no example that passes", "Write `example passes answer …`.", absence=True),
    "example-kind": Entry("this kind of example does not fit its rule", "Rules fire or are quiet; guarantees pass."),
    "example-given": Entry("an example gives a fact it cannot give", "Give attested dimensions, `age` or `turn`."),
    "example-disagrees": Entry(
        "an example says what the policy does not do", "Correct the example or the rule; `ordinance explain` shows why."
    ),
    "guarantee-fails": Entry(
        "what the charter guarantees does not pass under a loaded pack", "Narrow the rule that takes it out."
    ),
    "example-fails": Entry("an example disagrees with its pattern", "Correct the example or the pattern."),
    # Contacts and slots
    "contact-value": Entry(
        "a contact's value is no telephone number, short code or link", 'Write it as in "0800 111 0 111" or "112".'
    ),
    "contact-shields": Entry(
        "a contact holds what a rule removes", "Correct the contact; it would shield that text from the rule."
    ),
    "contact-superseded": Entry("a contact has a value that is no longer right", "Look up the value of today."),
    "contact-replaces": Entry(
        "a contact replaces itself or one of another group", "Name another contact of its own group."
    ),
    "contact-group": Entry("a contact's group is not known", "Use `emergency`, `crisis` or `appeal`."),
    "contact-place": Entry("a contact lies outside its pack's jurisdiction", "Move it to that jurisdiction's pack."),
    "slot-value": Entry("a slot does not have that value", "Use one of its values."),
    "speak-empty": Entry("`speak` sets nothing", "Set a slot in it or remove it.", absence=True),
}
