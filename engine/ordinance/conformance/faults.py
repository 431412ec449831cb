"""The faults that the kit finds: a stable code for each, what it means and what its author does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a plugin: its ``code``, the ``hook`` and the name where it was seen (``detector acme.id``, ``import``,
    ``manifest``), and its ``cause``: sentences that name the plugin, what happened, and what to do."""

    code: str
    hook: str
    cause: str

    def __str__(self) -> str:
        return f"error[{self.code}]: {self.cause}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a code means, and what the plugin's author does."""

    title: str
    help: str


#: By group, in the order in which they are looked for. A code is never renamed or used for something else.
CATALOGUE: dict[str, Entry] = {
    # The folder
    "manifest-invalid": Entry(
        "the folder is not a plugin's, or its manifest is wrong", "Correct ordinance-plugin.toml as the message says."
    ),
    "api-version": Entry(
        "the manifest is written for another version of the contract", "Write `api = 1`, and keep to that version."
    ),
    "name-foreign": Entry(
        "the plugin answers to a name of another vendor",
        "Begin each name with the manifest's `vendor`, and return None for all others.",
    ),
    "file-changed": Entry(
        "files are not those of the wheel: edited in place, or written while the plugin ran",
        "Give changed files a new version, build a wheel and install it; write to the folder that `folder()` names.",
    ),
    "engine-import": Entry(
        "the code imports something of the engine other than `ordinance.plugin`",
        "Import `ordinance.plugin` alone: nothing else of the engine is there when the plugin runs.",
    ),
    "pack-fails": Entry("a pack of the plugin has errors", "`ordinance check` on the pack shows them."),
    "instructions-invalid": Entry(
        "a file of instructions to the model is wrong: an unknown slot or value, a text that is too long, a brace",
        "Correct the file as the message says; docs/plugins.md says what it may contain.",
    ),
    "instructions-missing": Entry(
        "a file of instructions has no sentence for a value of a slot, which would be said in English",
        "Write the sentences that the message names; docs/adapters.md lists all.",
    ),
    "instructions-taken": Entry(
        "the plugin brings instructions in a language that the engine has itself",
        "Take the language out of the manifest: a plugin adds languages and replaces none.",
    ),
    "examples-invalid": Entry("ordinance-examples.toml is wrong", "Correct the file as the message says."),
    "examples-missing": Entry(
        "a name that the plugin provides has no examples, so it was hardly tried",
        "Write an [[example]] with `fires` and `quiet` (a form: `rewrites`) in ordinance-examples.toml.",
    ),
    # The start
    "start-raises": Entry(
        "import, or a hook, raised", "Return Unconfigured(…) for what an operator has to set, and nothing may raise."
    ),
    "start-exits": Entry(
        "import, or a hook, ended the process", "Remove `sys.exit()`, `os._exit()` and what crashes; raise instead."
    ),
    "start-late": Entry(
        "import, or a hook, did not end in time", "Load what takes long at the first question, or make it smaller."
    ),
    "start-type": Entry(
        "a hook returned something else than its contract says",
        "Return exactly the types of docs/plugins.md: tuples of text, Pattern values, whole numbers, functions.",
    ),
    "start-differs": Entry(
        "a hook returned something else in another process",
        "What a hook returns must depend on its arguments and the settings alone.",
    ),
    "expression-invalid": Entry(
        "a phrase or a pattern cannot be run by the engine", "docs/patterns.md describes the dialect."
    ),
    "hook-unknown": Entry(
        "the code implements a hook that does not exist, so nobody would ever call it",
        "Correct its name, and remove `optionalhook`.",
    ),
    "hook-unlisted": Entry(
        "the code implements a hook for which the manifest lists nothing", "Add it to `provides`, or remove the hook."
    ),
    "name-missing": Entry(
        "the manifest lists a name for which the hook returns None", "Return a value for it, or take it out."
    ),
    "name-unlisted": Entry(
        "a hook answers to a name that the manifest does not list",
        "Compare `asked.name` with each of your names, and return None for all others.",
    ),
    "unconfigured": Entry(
        "the plugin says that a setting is missing, so it could not be tried",
        "Write the settings under [settings] in ordinance-examples.toml, or `default` in the manifest.",
    ),
    # Questions
    "raises": Entry("a function raised", "Return the empty result where there is nothing to find."),
    "late": Entry("a function did not answer in time", "Bound the work, also for text that was made to be slow."),
    "dies": Entry("the process ended while it was asked", "Find what crashes or exits; the engine restarts it."),
    "answer-type": Entry(
        "a function returned another type",
        "Return exactly the type of the contract: a list of pairs of `int`, a `bool`, a list of `float`.",
    ),
    "answer-outside": Entry(
        "a span, a score or a rewritten text is outside its bounds",
        "Return spans with 0 ≤ start < end ≤ len(passage.text), one score from 0 to 1 for each passage, and a text "
        "with the line breaks and invisible characters of the one before, at most 2 × len(text) + 100 long.",
    ),
    "answer-large": Entry(
        "an answer has too many values", "Stop after a few thousand; an iterator must end by itself."
    ),
    "answer-twice": Entry(
        "the process answered twice, or a question that nobody asked",
        "Do not fork and do not write to descriptors that you have not opened.",
    ),
    "answer-broken": Entry(
        "the process wrote something else, or half a message, to the engine",
        "Do not write to descriptors that you have not opened.",
    ),
    "impure": Entry(
        "the same passage got another answer: at a second time, in another order, or in another process",
        "Return what depends on the passage alone: no counters, no random numbers, no clock.",
    ),
    "judge-fails": Entry(
        "the model that a judge asks did not answer as it should",
        "Check `served` in ordinance-examples.toml, and that the model is served there.",
    ),
    "example-missed": Entry(
        "a text under `fires` is not found", "Find it; if it is not meant to be found, move it to `quiet`."
    ),
    "example-found": Entry(
        "a text under `quiet` is found", "Do not find it; if it is meant to be found, move it to `fires`."
    ),
    "example-rewritten": Entry(
        "a text under `rewrites` becomes something else", "Change the function, or write down what it gives."
    ),
    "substance-changed": Entry(
        "a rewritten passage would stay as it was: a word became another, or the witness does not find it sound",
        "Leave what the message names as it is written; `ordinance witness` compares two texts.",
    ),
    "cut-hides": Entry(
        "a match is missed where a window or a piece of a stream cuts it",
        "Raise `overlap` to the length of the longest match, and let nothing depend on what is around a match.",
    ),
    "shape-hides": Entry(
        "a candidate that is refused hides a shorter one in it, which would be accepted",
        "Write one pattern for each length, each of which reads one number of letters and digits.",
    ),
    "folding-hides": Entry(
        "a match is missed in full-width letters, or with a character of no width in it",
        "Search `passage.folded`, and return `passage.span(start, end)`.",
    ),
    "text-told": Entry(
        "a line of `health` contains text that the plugin was asked about", "Say what is wrong without the text."
    ),
    # What the process did besides
    "uses-network": Entry(
        "the code opens connections by itself", "Use `connect()` with an address that the operator names in `network`."
    ),
    "uses-files": Entry(
        "the code opens files outside its own folder and the one that the operator names",
        "Put what it reads into the wheel; write to the folder that `folder()` returns.",
    ),
    "uses-environment": Entry(
        "the code reads environment variables, of which it has none", "Declare a setting in the manifest instead."
    ),
    "starts-process": Entry("the code starts a process", "Use threads, or a library in the process."),
    "process-left": Entry(
        "a process of the plugin lived on after the plugin was stopped", "Start no processes, and no session."
    ),
    "sends-signal": Entry("the code sends a signal to another process", "Remove it."),
    "memory": Entry(
        "the process needs more memory than the manifest says", "Raise `needs.memory_mb`, or load a smaller model."
    ),
    "threads": Entry(
        "the process has more than a thousand threads",
        "Start few threads, and end them; set the number of threads of a numerical library.",
    ),
    "prints": Entry("the code prints", "Remove it: output goes nowhere, because it might be text of a request."),
}


def fault(code: str, hook: str, what: str) -> Fault:
    """Return a fault, whose cause is ``what``, a sentence, and what the author does."""
    return Fault(code, hook, f"{what} {CATALOGUE[code].help}")
