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
    "file-missing": Entry("the file does not exist", "Check the path.", unreadable=True),
    "file-unreadable": Entry("the file cannot be read", "Check its permissions.", unreadable=True),
    "file-too-large": Entry("the file is larger than a pack or lexicon may be", "Split it.", unreadable=True),
    "load-too-large": Entry(
        "the packs and lexicons are too large together",
        "Load fewer packs, or remove what is written twice; the language manual lists the limits.",
        unreadable=True,
    ),
    "not-utf8": Entry("the file is not UTF-8 text", "Save it as UTF-8.", unreadable=True),
    "nul-character": Entry(
        "the file contains a NUL character", "Remove the character, or give the text file.", unreadable=True
    ),
    "no-packs": Entry("no packs were found", "Give a pack (*.ord) or a folder that contains some.", unreadable=True),
    "empty-pack": Entry("the pack is empty", "Begin with `charter`, `jurisdiction` or `language`."),
    "too-many": Entry(
        "there are too many findings to list", "Correct the first ones, then run `ordinance check` again.", "warning"
    ),
    "outside-folder": Entry("a file is outside its pack's folder", "Move it into the folder of the pack."),
    "lexicon-missing": Entry("a lexicon's file does not exist", 'Put it in "lexicons/" beside the pack.'),
    "lexicon-empty": Entry("a lexicon has no phrase", "Write one phrase on each line."),
    "no-plan": Entry(
        "no policy could be made of the packs, and no finding says why",
        "This is a defect of Ordinance. Please report it, with the packs.",
    ),
    # Text
    "typographic-quote": Entry(
        "a curly quote is used where a plain one is needed", 'Put "plain quotes" around a text.'
    ),
    "odd-space": Entry("there is an unusual space between words", "Type an ordinary space."),
    "hidden-direction": Entry("an invisible character changes the direction of text", "Remove it."),
    "control-character": Entry("a text contains a control character", "Remove it."),
    "mixed-scripts": Entry("a word mixes letters of two scripts", "Write it in the letters of one script."),
    "phrase-empty": Entry(
        "a phrase is empty once accents and marks are ignored", "Write letters or digits in it, or remove it."
    ),
    "endings-invalid": Entry("braces in a phrase do not list its endings", "Write Kind{,es,er,ern}, or no braces."),
    "phrases-too-many": Entry(
        "the policy has too many phrases",
        "Remove phrases or endings that others cover, or use a pattern for codes and numbers.",
    ),
    "phrase-twice": Entry("two phrases are the same once case and accents are ignored", "Keep one of them.", "warning"),
    "rule-waits": Entry(
        "a rule delays ordinary text",
        "Let its patterns and phrases begin with something that ordinary text seldom contains.",
        "warning",
    ),
    "detector-missing": Entry(
        "no plugin provides a detector or a form",
        "List the plugin that provides it in the setting `plugins`; `--config FILE` names the settings.",
    ),
    "detector-unconfigured": Entry(
        "a detector or a form is not set up, so it does nothing",
        "Set up what the message names.",
        "warning",
    ),
    "example-fault": Entry(
        "a plugin failed on an example", "See what the cause means in docs/plugins.md, and ask the plugin's authors."
    ),
    "red-line-unconfigured": Entry(
        "a red line asks a detector that is not set up", "Set up what the message names, or take the detector out."
    ),
    "judge-missing": Entry(
        "no judge is configured, so the tests that ask one are struck out",
        "Set up a judge (docs/meaning.md), or do nothing: the rest of the rules works without one.",
        "warning",
    ),
    "judged-alone": Entry(
        "a rule of the charter is judged and has no other test",
        "Name a lexicon or a pattern beside it: without a judge the rule would do nothing.",
    ),
    "judged-without-means": Entry(
        "a rule is judged and does not say what it means", 'Write `means "…"`: the judge is asked in these words.'
    ),
    "judged-without-not": Entry(
        "a rule is judged and does not say what is to pass",
        'Write `not "…"` after `means`: half of the errors of a judge are about what should pass.',
        "warning",
    ),
    "judged-examples": Entry(
        "a judged rule has few examples",
        "Write at least six that fire and six that stay quiet, in plain words and without a canary.",
        "warning",
    ),
    "pattern-invalid": Entry(
        "a pattern uses something that the dialect does not have", "docs/patterns.md describes the dialect."
    ),
    # Syntax
    "patterns-too-large": Entry(
        "the policy's patterns are too large together", "Lower the counts in braces, or remove patterns."
    ),
    "syntax": Entry("something else is expected here", "docs/language.md shows the shape of packs."),
    "unknown-word": Entry("a word is unknown at this place", "Check its spelling and the order of clauses."),
    "unfinished-text": Entry("a text has no closing quote", 'Close it with " on the same line.'),
    "mixed-and-or": Entry(
        "`and` and `or` are mixed without parentheses", "Put parentheses around the tests that belong together."
    ),
    "too-deep": Entry(
        "parentheses are nested too deeply", "Write the condition with fewer parentheses, or as two rules."
    ),
    "wrong-kind": Entry("this kind of pack cannot contain that", "Write it in a kind of pack that can."),
    "near-invalid": Entry(
        "how near two things must be is out of range",
        "Write a whole number of characters from 1 to 500, or `in the same sentence`.",
    ),
    "near-sentences": Entry(
        "`within N characters` is used with something that sees only whole sentences",
        "Write `in the same sentence`.",
    ),
    "language-test": Entry(
        "the language of an answer is tested where it cannot be",
        "Only a `say` may test it: `when answer language is de`.",
    ),
    "language-unknown": Entry("nothing recognises an answer in this language", "Use a language that the manual lists."),
    "not-yet": Entry("this construct cannot run yet", "Leave it out; the engine does not support it yet."),
    # Names
    "name-invalid": Entry("a name is not valid", "Use letters of one script, digits and `_`."),
    "name-keyword": Entry("a name is spelled like a keyword", "Choose another name."),
    "name-undefined": Entry("a name is not defined", "Correct its spelling, or define it.", absence=True),
    "name-twice": Entry("a name is defined twice", "Rename or remove one of them."),
    "name-unused": Entry("a name is never used", "Use it or remove it.", absence=True),
    "number-twice": Entry("a number is given twice", "Give each section and each rule a number of its own."),
    "number-form": Entry(
        "a number does not have the required form", "Number sections 1, 2, 3 and their rules 1.1, 1.2."
    ),
    # Packs
    "version-form": Entry("a version does not have the form N.N.N", "Write three numbers, as in 2026.11.0."),
    "code-invalid": Entry("this is not a jurisdiction's code", "Write it as in DE, EU or US-CA."),
    "tag-invalid": Entry("this is not a language tag in its usual form", "Write it as in et, de or fr-CA."),
    "zone-invalid": Entry("a time zone is not known", 'Write it as in "Europe/Berlin".'),
    "charter-second": Entry("there are two charters", "Give one of them; a policy has exactly one."),
    "charter-missing": Entry("the charter that a pack names was not found", "Give the charter's file as well."),
    "charter-differs": Entry(
        "packs were written for different charters", "Load packs of one charter and one major version."
    ),
    "charter-altered": Entry(
        "a charter has the name and version of the one that ships, but other content",
        "Give it a name or a version of its own, or use the one that ships.",
        "warning",
    ),
    "pack-ambiguous": Entry(
        "two packs that ship have this name", "Name the right one on the command line, or remove the other."
    ),
    "pack-twice": Entry("a pack is loaded twice", "Give it once."),
    "parent-missing": Entry(
        "the jurisdiction that a pack is within was not found",
        "Give its pack as well. If it has none, leave the line out.",
    ),
    "parent-circle": Entry("jurisdictions are within each other in a circle", "Correct `within` in one of them."),
    "section-empty": Entry("a section has no rule", "Write a rule in it or remove it.", absence=True),
    # Charter
    "harm-missing": Entry("the charter lacks a required red line", "Write it.", absence=True),
    "harm-unknown": Entry(
        "a red line has a name that is not on a closed list",
        "Use a name from the lists, or write the rule in another pack.",
    ),
    "harm-toothless": Entry("a red line does not act on its own example", "Correct the example or the lexicon."),
    "red-line-purpose": Entry(
        "a red line makes an exception for texts of people's own",
        "Remove `transform` from the exception: what a red line forbids is not translated or corrected either.",
    ),
    "red-line-notice": Entry("a red line must give the notice `red_line`", "Write `telling red_line`."),
    "engine-notice": Entry("a notice that Ordinance itself gives is missing", "Write the notice.", absence=True),
    # Telling
    "notice-text": Entry("a notice has no text in a loaded language", "Write the text.", absence=True),
    "label-text": Entry("a label has no text in a loaded language", "Write the text.", absence=True),
    "notice-variable": Entry(
        "a notice contains an unknown variable", "docs/language.md lists the variables of notices."
    ),
    "notice-silent": Entry("a notice lacks a variable that it must contain", "Write {type} and {law} into the text."),
    "notice-unresolved": Entry("a notice contains a variable that has no value here", "Remove it from this notice."),
    "text-form": Entry(
        "a text has a form that only notices have",
        "Titles, headings and the like have one text in each language, without `formal`, `informal`, a plural form or "
        "`again`.",
    ),
    "notice-again": Entry(
        "a notice that is never shortened has a shorter form",
        "A notice says type and law of each omission and each refusal. Only disclosures, reminders and contacts may "
        "have a text with `again`.",
    ),
    "plural-form": Entry(
        "the plural forms are not those of the language",
        "Write every form of the language, or one text for all numbers.",
    ),
    "marker-sign": Entry("a text contains a sign that marks omissions", "Remove ⟦ and ⟧."),
    "notice-reveals": Entry(
        "a text that people read contains what a rule leaves out", "Use words that the rule does not look for."
    ),
    "text-language": Entry(
        "a language pack contains a text in another language", "Move the text to that language's pack."
    ),
    # Law
    "date-invalid": Entry("a date does not exist", "Write it as in 2026-11-01."),
    "dates-inverted": Entry("a law ends before it begins", "Correct `from` or `until`."),
    "dates-overlap": Entry(
        "two periods of a law overlap", "Let the second period begin on the day on which the first ends."
    ),
    "dates-gap": Entry(
        "there is a gap between two periods of a law", "Let the second period begin on the day on which the first ends."
    ),
    "law-recorded": Entry(
        "something stands under a law that is only recorded",
        "Write what the law `reaches` and when it is `in force` in place of `records`, or name another law.",
    ),
    "law-uncertain": Entry("a rule would enforce an uncertain law", "Write `on trial until DATE` after `telling`."),
    "source-invalid": Entry("the source is not an https address", 'Write it as in "https://www.example.org/law".'),
    "reach-unknown": Entry(
        "a law by place does not say whether it applies if the place is unknown",
        "End `reaches` with `, not unknown` or `, or unknown`.",
    ),
    "law-off": Entry(
        "a law is not in force on the day of the check",
        "Its rules are off. If that is intended, you need to do nothing.",
        "warning",
    ),
    "date-stale": Entry("a fact was looked up long ago", "Look it up again, then correct `seen`.", "warning"),
    # Conditions
    "condition-nested": Entry(
        "a named condition names another", "Write the words of the other condition in its place."
    ),
    "value-unknown": Entry("a dimension does not have that value", "Use one of its values."),
    "test-unfit": Entry("a test does not fit its dimension", "See the dimension's kind in the manual."),
    "reads-claimed": Entry(
        "a condition depends on something that a request merely claims",
        "Use attested dimensions, such as `purpose` or `place`.",
    ),
    "reads-unknown": Entry(
        "an exception applies if a fact is unknown", "Name the values for which the exception applies."
    ),
    "prompt-withheld": Entry("only an answer can be withheld", "Write `when answer has …`."),
    "topic-alone": Entry("a rule would withhold because of a topic alone", "Name a lexicon, a pattern or a detector."),
    "hours-invalid": Entry("a number of hours is out of range", "Write a number from 1 to 8760."),
    "bound-invalid": Entry("the bound of a scope is out of range", "Write a number of characters from 1 to 10000."),
    # Proofs
    "charter-weakened": Entry(
        "the charter decides less beside the loaded packs than alone",
        "This is a defect of Ordinance. Please report it, with the packs.",
    ),
    "never-fires": Entry("a rule can never fire", "Correct its condition, its law's reach or dates, or remove it."),
    "rule-covered": Entry(
        "another rule does everything that this rule does",
        "Remove this rule, or correct the part in which it should go further.",
    ),
    "rule-equal": Entry("two rules of a pack do the same", "Keep one of them."),
    "exception-idle": Entry(
        "an exception never applies in a situation in which its rule acts", "Correct its condition, or remove it."
    ),
    "slots-conflict": Entry(
        "two packs of equal rank give a slot different values",
        "Give both the same value, or separate them by `when`.",
    ),
    "too-complex": Entry("a condition is too complex to prove anything about it", "Divide the rule into two or more."),
    # Examples
    "example-fires": Entry("a rule has no example that fires", "Write `example fires …`.", absence=True),
    "example-quiet": Entry("a rule has no example that stays quiet", "Write `example quiet …`.", absence=True),
    "example-passes": Entry("a guarantee has no example that passes", "Write `example passes answer …`.", absence=True),
    "example-kind": Entry("this kind of example does not fit its rule", "Rules fire or are quiet; guarantees pass."),
    "example-given": Entry("an example gives a fact that it cannot give", "Give attested dimensions, `age` or `turn`."),
    "example-disagrees": Entry(
        "an example and the policy disagree", "Correct the example or the rule; `ordinance explain` shows why."
    ),
    "guarantee-fails": Entry("a rule removes what the charter guarantees", "Make the rule narrower."),
    "civic-ban": Entry(
        "a rule removes civic information, which the charter guarantees",
        "Remove this entry, or write the longer phrase that the law forbids: how people vote, protest, complain and "
        "criticise a government passes under every pack.",
    ),
    "common-word": Entry(
        "a rule removes one of the commonest words of a language",
        "Write the longer phrase that the law forbids.",
    ),
    "breadth": Entry(
        "a rule removes too much of ordinary text",
        "Make it narrower: write the phrases that the law forbids, and the smallest scope that it needs.",
    ),
    "example-fails": Entry(
        "an example disagrees with its pattern or words", "Correct the example, the pattern or the words."
    ),
    # Contacts and slots
    "contact-value": Entry(
        "a contact's value is not a telephone number, a short code or a link",
        'Write it as in "0800 111 0 111" or "112".',
    ),
    "contact-shields": Entry(
        "a contact contains what a rule removes", "Correct the contact: it would protect that text from the rule."
    ),
    "contact-superseded": Entry("a contact has a value that is no longer in use", "Look up the current value."),
    "contact-replaces": Entry(
        "a contact replaces itself or one of another group", "Name another contact of the same group."
    ),
    "contact-group": Entry("a contact's group is unknown", "Use `emergency`, `crisis` or `appeal`."),
    "contact-place": Entry(
        "a contact is for a place outside its pack's jurisdiction", "Move it to that jurisdiction's pack."
    ),
    "slot-value": Entry("a slot does not have that value", "Use one of its values."),
    "miss-undecided": Entry(
        "`on miss` has no slot whose miss shows in an answer",
        "Set `language`, `script`, `address`, `pedagogy`, `numbers`, `dates` or `units` in the same `speak`, or "
        "remove it.",
    ),
    "speak-empty": Entry("`speak` sets nothing", "Set a slot in it or remove it.", absence=True),
}
