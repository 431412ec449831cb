"""What to avoid, what to prefer and why, for each code of the catalogue: the pages of ``docs/errors/`` say it.

A lesson is a fragment of a pack: written as in ``avoid`` the pack has the finding, written as in ``prefer`` it has
not (tests/language/test_lessons.py tries both). Where no fragment of one pack shows it, both are said in words.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lesson:
    """``rationale`` is why the language asks for it. ``shown`` says that both are fragments of a pack."""

    avoid: str
    prefer: str
    rationale: str
    shown: bool = True


def _said(avoid: str, prefer: str, rationale: str) -> Lesson:
    return Lesson(avoid, prefer, rationale, shown=False)


_UNSEEN = "A rule that is not read does not run, and nobody would notice."
_CITED = "Rules are cited by pack and number; a citation must lead to one rule, this year and next."
_FIXED = "What cannot be lowered must be recognisable: the list is closed and its words are the same everywhere."
_QUIET = "A rule without effect misleads whoever reads the pack, and hides a slip of the pen."
_TOLD = "Everything that is left out or added is told, in the language in which people asked."
_ATTESTED = "A person could otherwise choose the law by a header."
_TESTED = "An example is the test of its rule, and what a reader learns the rule by."

LESSONS: dict[str, Lesson] = {
    # Files
    "file-missing": _said("A path that leads nowhere.", "The path of a pack, or of a folder with packs.", _UNSEEN),
    "file-unreadable": _said("A file that the service may not read.", "A file that it may read.", _UNSEEN),
    "file-too-large": _said("A pack of many megabytes.", "Several packs, or a lexicon beside the pack.",
                            "A file is read whole before anything of it is believed."),
    "load-too-large": _said("Packs and lexicons of many megabytes in one load.", "What the deployment needs.",
                            "A load that takes a server's memory would end it, at a reload too."),
    "not-utf8": _said("A file in another encoding.", "UTF-8 without a byte-order mark.",
                      "A phrase that is read in the wrong encoding matches nothing."),
    "nul-character": _said("A file that is no text.", "A text file.", "It is not a pack."),
    "no-packs": _said("A folder without a file *.ord.", "A folder with packs.", _UNSEEN),
    "byte-order-mark": _said("A file that begins with U+FEFF.", "UTF-8 without a byte-order mark.",
                             "The mark would be a part of the first word."),
    "empty-pack": _said("A file with nothing in it.", "A pack that begins with its kind and name.", _UNSEEN),
    "too-many": _said("A file with hundreds of faults.", "A file that is checked as it is written.",
                      "One slip often causes many findings; the first say most."),
    "outside-folder": Lesson('"../b/words.txt"', '"lexicons/words.txt"',
                             "A pack is signed and moved as a folder; what lies outside is not covered by that."),
    "lexicon-missing": Lesson('"lexicons/wrods.txt"', '"lexicons/words.txt"', _UNSEEN),
    "lexicon-empty": _said("A lexicon with comments only.", "A lexicon with a phrase on each line.", _QUIET),
    "no-plan": _said("Nothing that a pack can do.", "A report to the makers, with the packs.",
                     "It is a fault of the checker and never of a pack."),
    # Text
    "typographic-quote": Lesson("“Test Act”", '"Test Act"', "Word processors curl quotes; two kinds look alike."),
    "odd-space": Lesson("in force\u00a0from 2020-01-01 until", "in force from 2020-01-01 until",
                        "It looks like a space and is none, so words would run together."),
    "hidden-direction": Lesson('"Test \u202eAct"', '"Test Act"',
                               "The text that is read would not be the text that runs."),
    "control-character": Lesson('"Test\x1b Act"', '"Test Act"', "A terminal obeys it, and nobody sees it."),
    "mixed-scripts": Lesson('"Test Аct"', '"Test Act"', "Letters of another script that look alike deceive readers."),
    "phrase-empty": _said("A phrase of marks alone.", "A phrase with letters or digits.", _QUIET),
    "endings-invalid": _said("Kind{es in a lexicon.", "Kind{,es,er,ern}, or no braces.",
                             "Braces state the endings of a word; nothing else of a phrase is guessed."),
    "rule-waits": _said('A pattern such as "[a-z]{1,60}@", which any word may begin.', 'One that begins with what text '
                        'seldom has.', "What could still become a match is held, and every reader waits for it."),
    "phrases-too-many": _said("Hundreds of thousands of phrases, or braces that multiply to as many.",
                              "The phrases that identify the matter; a pattern for shapes.",
                              "Every phrase takes memory in each process that serves."),
    "phrase-twice": _said("SECRET words and Secret Words in one lexicon.", "One of them.",
                          "Case, accents and width are folded; both find the same."),
    "detector-missing": Lesson("detector acme.shouting and", "topic talk and", _UNSEEN),
    "detector-unconfigured": _said("A detector that needs a model, where the operator has named none.",
                                   "The same, with the model named in the settings.",
                                   "What is not configured is struck out of the sentence, and that is shown."),
    "detector-fails": _said("A plugin whose detector raises while it is prepared.", "A plugin that passes its tests.",
                            "A detector that cannot be prepared would look for nothing."),
    "judge-missing": _said("`judged at least 0.8` where no judge is configured.", "The same, with a judge configured.",
                           "What is not configured is struck out of the sentence, and that is shown."),
    "pattern-invalid": Lesson('"X[0-9]*"', '"X[0-9]{3}"',
                              "A match without a bound could hold back the whole answer."),
    "patterns-too-large": _said("Thousands of patterns with large counts.", "Fewer of them, with the counts they need.",
                                "Every symbol of a pattern takes memory in each process that serves."),
    # Syntax
    "syntax": Lesson('article " "', 'article "§ 1"', _UNSEEN),
    "unknown-word": Lesson("lable secrets", "label secrets", _UNSEEN),
    "unfinished-text": Lesson('"Test Act\n', '"Test Act"\n', "What follows would be a part of the text."),
    "mixed-and-or": Lesson("stage is draft or stage is final and stage is unknown",
                           "stage is draft or stage is unknown",
                           "People disagree on which of the two binds first."),
    "too-deep": _said("Parentheses in parentheses, fifty deep.", "Two rules.", "Nobody can read it."),
    "wrong-kind": Lesson("red line 1.1 words", "withhold 1.1 words",
                         "What must not be said by a kind of pack has no syntax in it."),
    "not-yet": Lesson("any of language is de,", "any of lexicon words,",
                      "A construct that cannot run would be a rule without effect."),
    # Names
    "name-invalid": Lesson("withhold 1.1 some-words", "withhold 1.1 words", "Names are cited, typed and compared."),
    "name-keyword": Lesson("withhold 1.1 when", "withhold 1.1 words", "It reads as if the clause began there."),
    "name-undefined": Lesson("about secret\n", "about secrets\n", _UNSEEN),
    "name-twice": Lesson("say 1.2 words", "say 1.2 often", "Which of the two would be meant?"),
    "name-unused": Lesson('label spare { en "a" de "b" et "c" }\nlabel secrets', "label secrets", _QUIET),
    "number-twice": Lesson("say 1.1", "say 1.2", _CITED),
    "number-form": Lesson("say 2.2", "say 1.2", _CITED),
    # Packs
    "version-form": Lesson("XA 1.0 under", "XA 1.0.0 under", "Versions are compared, and shown in each answer."),
    "code-invalid": Lesson("members XBERG,", "members XB,", "Law follows place, so places have one spelling."),
    "tag-invalid": Lesson("language fr-fr 1.0.0", "language fr 1.0.0", "Languages fall back along their tags."),
    "zone-invalid": Lesson('"Europe/Tallin"', '"Europe/Tallinn"', "A law begins at midnight in its own zone."),
    "charter-second": _said("Two charters among the packs.", "One charter.", "Only one can be the root."),
    "charter-missing": Lesson("charter other 1\n", "charter baseline 1\n", "Without its charter a pack has no root."),
    "charter-differs": Lesson("charter baseline 2\n", "charter baseline 1\n",
                              "A pack was written against what its charter guarantees."),
    "charter-altered": _said("A charter with words of its own under the name of the one that ships.",
                             "A name of its own.", "Whoever sees the name must know what it stands for."),
    "pack-ambiguous": _said("Two packs of one name, of which another needs one.", "One of them.", "Which is law?"),
    "pack-twice": _said("The same pack at two paths.", "One of them.", "Which is law?"),
    "parent-missing": Lesson("within XZ\nmembers XB", "members XB", "The law of the outer place applies too."),
    "parent-circle": Lesson("within XA\nmembers XB", "members XB", "Places nest; they do not chase each other."),
    "section-empty": Lesson('section 2 "Empty" {\n}\ncontact crisis', "contact crisis", _QUIET),
    # Charter
    "harm-missing": Lesson("red line 1.2 weapon ", "red line 1.2 weapons ", _FIXED),
    "harm-unknown": Lesson("red line 1.2 weapon ", "red line 1.2 weapons ", _FIXED),
    "harm-toothless": Lesson("prompt has lexicon weapons", "prompt or answer has lexicon weapons",
                             "A red line that does not trip protects nobody."),
    "red-line-notice": Lesson("refuse  telling fault", "refuse  telling red_line",
                              "A refusal for severe harm is not explained as a matter of law."),
    "engine-notice": Lesson("notice faults {", "notice fault {", _TOLD),
    # Telling
    "notice-text": Lesson('et          " "', 'et          "Välja jäetud: {type}. {law}."', _TOLD),
    "label-text": Lesson('en "secrets" de "Geheimnisse"\n', 'en "secrets" de "Geheimnisse" et "saladused"\n', _TOLD),
    "notice-variable": Lesson("Left out: {matched}", "Left out: {type}",
                              "What was withheld is no variable and never will be."),
    "notice-silent": Lesson('"Left out: {type}."', '"Left out: {type}. {law}."', "People are told what and why."),
    "notice-unresolved": Lesson("Left out: {type}. {authority}.", "Left out: {type}.",
                                "An empty place in a notice tells nothing."),
    "plural-form": _said("`en one` without `en other`.", "Each form of the language, or one text for all.",
                         "Some languages have six forms; a number must not read as a slip."),
    "marker-sign": Lesson('"saladused⟧"', '"saladused"', "Nobody could tell a text from an omission."),
    "notice-reveals": Lesson('en          "Left out: the secret words. {type}', 'en          "Left out: {type}',
                             "The notice would say what the marker hides."),
    "text-language": Lesson('machine           { de "', 'machine           { fr "',
                            "A language pack is written by people of that language."),
    # Law
    "date-invalid": Lesson("from 2020-02-30", "from 2020-01-01", "Law begins on a day."),
    "dates-inverted": Lesson("until 2020-01-01", "until 2090-01-01", _QUIET),
    "dates-overlap": _said("in force from 2024-01-01 until 2025-06-01, in force from 2025-01-01",
                           "in force from 2024-01-01 until 2025-01-01, in force from 2025-01-01",
                           "Which text holds on a day must have one answer."),
    "dates-gap": _said("in force from 2024-01-01 until 2025-01-01, in force from 2025-02-01",
                       "in force from 2024-01-01 until 2025-01-01, in force from 2025-01-01",
                       "A gap is a slip more often than a fact; a law that pauses is two laws."),
    "law-uncertain": _said("A rule that enforces a law marked `uncertain`.", "The same rule `on trial until` a day.",
                           "Nobody is refused anything on one secondary source."),
    "source-invalid": Lesson("http://law.example/act", "https://law.example/act", "A reader must be able to look."),
    "reach-unknown": Lesson("seat within XA\n", "seat within XA, not unknown\n",
                            "A law must not apply, nor fail to, because somebody's place is unknown."),
    "law-off": _said("A law whose last day has passed.", "The pack as it is: the rule is off, and listed.",
                     "Dates never stop a server."),
    "date-stale": _said("A number that was looked up years ago.", "The same number, looked up again.",
                        "People call these numbers."),
    # Conditions
    "condition-nested": _said("A named condition that names another.", "Its words, written out.",
                              "A reader finds a condition in one place."),
    "value-unknown": Lesson("is one of educaton", "is one of education", "The condition would never hold."),
    "test-unfit": Lesson("(stage below 3 or", "(stage is draft or", "The condition would never hold."),
    "reads-claimed": Lesson("(turn below 3 or", "(stage is draft or", _ATTESTED),
    "reads-unknown": Lesson("when purpose is unknown\n", "when purpose is one of education, research\n",
                            "An exception needs a fact that somebody answers for."),
    "prompt-withheld": Lesson("when    prompt or answer has any", "when    answer has any",
                              "What people ask is theirs; an answer is what may be cut."),
    "topic-alone": Lesson("any of topic talk ", "any of lexicon words, pattern code, topic talk ",
                          "A topic is broad; law takes out words, not subjects."),
    "hours-invalid": _said("every 0 hours", "every 3 hours", "It would be said always, or never."),
    "bound-invalid": Lesson("at most 0\n", "at most 200\n", "The bound says how much text may have to wait."),
    # Proofs
    "charter-weakened": _said("A condition of the charter that means less beside a pack.", "One that cannot.",
                              "Nothing below the charter lowers what it decides."),
    "never-fires": Lesson("stage is draft and stage is final\n", "(stage is draft or stage is unknown)\n", _QUIET),
    "rule-covered": _said("A second rule for the same words in fewer situations.", "The wider rule alone.", _QUIET),
    "rule-equal": _said("The same rule under two names.", "One of them.", _QUIET),
    "exception-idle": Lesson("and purpose is art\n", "and (stage is draft or stage is unknown)\n", _QUIET),
    "slots-conflict": _said("Two houses, one formal and one informal, for the same people.",
                            "One way of address, or two situations set apart by `when`.",
                            "Order does not matter, so no order can decide between them."),
    "too-complex": _said("One rule with dozens of conditions that cross.", "Two or more rules.",
                         "What is too large to prove is never skipped."),
    # Examples
    "example-fires": Lesson("telling ai_disclosure\n    example quiet",
                            "telling ai_disclosure\n"
                            '    example fires answer "Hello." given age 12, turn 3\n    example quiet', _TESTED),
    "example-quiet": Lesson("given age 12, turn 3\n",
                            'given age 12, turn 3\n    example quiet answer "Hello." given age 40\n', _TESTED),
    "example-passes": _said("A guarantee without `example passes`.", 'example passes answer "Call 112 now."', _TESTED),
    "example-kind": Lesson('example quiet prompt "Hello."', 'example quiet answer "Hello."', _TESTED),
    "example-given": Lesson("given stage drafft", "given stage draft", _TESTED),
    "example-disagrees": Lesson('fires answer "So: other words."', 'fires answer "So: secret words."', _TESTED),
    "guarantee-fails": _said("A lexicon of a law with the word `call`, and scope `sentence`.", "A narrower phrase.",
                             "Emergency numbers and how to get help survive every other rule."),
    "example-fails": Lesson('matches "see x12"', 'matches "see x123"', _TESTED),
    # Contacts and slots
    "contact-value": Lesson('"call 600 0000"', '"+372 600 0000"', "A sentence declared a contact would shield itself."),
    "contact-shields": _said("A contact whose value a rule withholds.", "The right value.",
                             "Contacts survive every omission, so they may not be one."),
    "contact-superseded": _said("A number that another pack calls `formerly`.", "The number of today.",
                                "A number that nobody answers is worse than none."),
    "contact-replaces": Lesson("spoken et, en\n  replaces helpline\n", "spoken et, en\n",
                               "Where each stands instead of the other, nobody is left to call."),
    "contact-group": Lesson("contact friends", "contact crisis", "Only known groups are ever provided."),
    "contact-place": Lesson("in     XQ\n", "in     XA\n", "A number answers in its own country."),
    "slot-value": Lesson("address informl", "address informal", "Style is a closed set; what is not in it is content."),
    "speak-empty": Lesson("speak { }", "speak { language fr address informal }", _QUIET),
}  # fmt: skip
