"""What each section of evidence is for: which article it serves, and what it does not show. Only articles that the
project has read are named (docs/impact-assessment.md)."""

from __future__ import annotations

from dataclasses import dataclass

_NONE = "No article that the project has read asks for this."


@dataclass(frozen=True, slots=True)
class Claim:
    """``files`` are those of the folder that it is about, ``serves`` the articles, ``shows_not`` what nobody can read
    from it."""

    id: str
    heading: str
    about: str
    files: str
    serves: str
    shows_not: str


CLAIMS = {
    each.id: each
    for each in (
        Claim(
            "policies",
            "Policies and who signed them",
            "The policies, file by file, the SHA-256 of each, and the statements that people signed.",
            "policies.json, policy/",
            f"{_NONE} It answers who may change the law that a machine applies.",
            "That no other policy was ever applied: only that those in the record are here, or are listed as missing. "
            "A server's settings (which place a key belongs to, what it attests) are not part of a policy.",
        ),
        Claim(
            "laws",
            "Laws in force by day",
            "For each day, under which policy there were requests, and which of its laws were in force for some.",
            "laws.json",
            "The laws whose articles are listed: it shows since when, and until when, each was applied as in force.",
            "That a pack contains all of a law, or reads it rightly. Days are those of UTC, and dates are compared "
            "as the packs write them; where a law has a transition, who is in it depends on facts that an operator "
            "attests.",
        ),
        Claim(
            "changes",
            "What changed, and who signed it",
            "The difference that each bundle made to the one before, and who approved it: those whose statement names "
            "this difference by its SHA-256, each for the part of their role. Whose part did not change signed an "
            "earlier bundle, and did not approve this difference.",
            "changes.json, policy/*/approved/diff.json",
            _NONE,
            "Whether the signers understood what they signed, or which keys a thief had. The table of policies says "
            "whether signatures were verified.",
        ),
        Claim(
            "counts",
            "Requests by rule, law, language, verdict and key",
            "How many requests ended, of each kind, and apart those that got no answer. One with several rules counts "
            "once for each of them.",
            "counts.json",
            "Regulation (EU) 2024/1689 Art. 50(1), StGB § 86a, and each other law that is listed: to how many requests "
            "a rule under it was applied. Article by article, as the record names them.",
            "That a person saw a notice: the record says that the rule was applied, not what a client showed. Whether "
            "a rule found all that it should, or found it rightly: no text is kept, so nobody can look it up. Deleted "
            "records are not counted.",
        ),
        Claim(
            "failures",
            "Failures and bypasses",
            "What failed; and apart, what went past a rule, and requests under a policy that is not verified or not "
            "here. A request that ended without an answer, before a policy applied, is not a bypass.",
            "failures.json",
            _NONE,
            "A bypass that leaves no trace in the record: somebody who asks the model's server directly. The doctor "
            "looks for that, at one moment.",
        ),
        Claim(
            "parts",
            "Judges and plugins that took part",
            "Which plugins and judges took part in how many requests, and which of them each policy allows.",
            "parts.json",
            _NONE,
            "Whether a judge was right. A judge that found nothing is recorded by the rules that asked it, not by "
            "its name.",
        ),
        Claim(
            "doctor",
            "The doctor's examination",
            "What `ordinance doctor` found when it examined the running server from outside.",
            "doctor.json",
            _NONE,
            "Any other moment than that of the examination, and what it could not try.",
        ),
        Claim(
            "objections",
            "Objections",
            "How many objections to each rule were decided in these days, by outcome.",
            "objections.json",
            f"{_NONE} It answers whether people can object, and what comes of it.",
            "Objections that nobody counted.",
        ),
        Claim(
            "sbom",
            "Bill of materials",
            "What the release consists of: packages, versions, hashes and licences (CycloneDX).",
            "sbom.cdx.json",
            _NONE,
            "That the server ran this release and nothing else.",
        ),
        Claim(
            "record",
            "The record and its checkpoints",
            "The records of these days with their chains, and the checkpoints that sign them.",
            "record.json, record/, keys.json",
            "CN, Labelling Measures Art. 9 (logs for at least six months): the record of these days still exists.",
            "What the server wrote that was not true: whoever has its key signs what they like. Records after the "
            "last "
            "checkpoint are signed by nobody but whoever signed this folder. The times are the machine's clock.",
        ),
        Claim(
            "marks",
            "The key of marks",
            "The public key with which answers were signed, so that a saved answer can be verified.",
            "keys.json",
            "Regulation (EU) 2024/1689 Art. 50(2): how many answers were not marked, or not signed, is under failures.",
            "That a text without a signature was not made by a model.",
        ),
    )
}
