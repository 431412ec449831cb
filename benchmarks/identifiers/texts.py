"""Texts around numbers: in their own context, in that of something else, spoiled, in full width, alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from random import Random

import phonenumbers
from made import NUMBERS, Number, written

#: Which texts must be found, and which not.
RIGHT = ("valid", "in a sentence", "full width")
WRONG = ("wrong digit", "wrong context")
KINDS = (*RIGHT, *WRONG, "alone")

_SENTENCES = (
    "Thank you for your letter of last week; {label} {number} belongs to my mother, please correct it.",
    "In the form they wrote {label} {number}, and nobody noticed.",
    "We need one more thing from you: {label} ({number}).",
    "Bitte tragen Sie {label} {number} ein, danach ist der Antrag vollständig.",
    "Saatsin eile avalduse, kus on {label} {number}, aga vastust ei tulnud.",
    "Bonjour, voici {label} {number} pour le dossier.",
)
_LABELLED = ("{label}: {number}", "{label} {number}", "My {label} is {number}.", "({label} {number})")
_ELSEWHERE = (
    "Order {number} was shipped yesterday.",
    "Invoice no. {number}, due in two weeks.",
    "The parcel {number} is at the post office.",
    "Die Bestellung {number} ist unterwegs.",
    "Seerianumber {number} on kasti all.",
    "Replace part {number} before winter.",
)


@dataclass(frozen=True)
class Text:
    """``start`` and ``end`` are where the number is; ``peers`` are the recognisers of Presidio for the
    numbers of that country, if one of them knows this one."""

    country: str
    kind: str
    text: str
    start: int
    end: int
    peers: tuple[str, ...]
    what: str = "number"

    def row(self) -> dict[str, object]:
        return asdict(self)


def numbers(count: int, rng: Random) -> Iterator[Text]:
    """Yield about ``count`` texts for each country, shared evenly among its numbers and the kinds of text."""
    for country in sorted({number.country for number in NUMBERS}):
        rows = [number for number in NUMBERS if number.country == country]
        peers = tuple(peer for number in rows for peer in number.peers)
        for number in rows:
            drawn = [number.draw(rng) for _ in range(120)]
            for kind in KINDS:
                for _ in range(-(-count // (len(rows) * len(KINDS)))):
                    yield from _text(number, kind, *rng.choice(drawn), peers if number.peers else (), rng)


def _text(number: Number, kind: str, plain: str, form: str, peers: tuple[str, ...], rng: Random) -> Iterator[Text]:
    if kind == "wrong digit":
        spoiled = number.spoil(plain, rng)
        if spoiled is None:  # it has no check digit
            return
        plain = spoiled
    label = rng.choice(number.labels)
    frames = {"wrong context": _ELSEWHERE, "in a sentence": _SENTENCES, "alone": ("{number}",)}.get(kind, _LABELLED)
    yield _placed(number.country, kind, rng.choice(frames), label, written(plain, form), peers)


def _placed(
    country: str, kind: str, frame: str, label: str, number: str, peers: tuple[str, ...], what: str = "number"
) -> Text:
    before, _, after = frame.partition("{number}")
    before = before.format(label=label)
    if kind == "full width":
        number = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in number)
    return Text(country, kind, before + number + after, len(before), len(before) + len(number), peers, what)


_PHONE_LABELS = ("phone", "tel.", "Telefon", "mobile", "call me at", "Telefonnummer", "telefon")


def phones(count: int, rng: Random) -> Iterator[Text]:
    """Yield texts with telephone numbers of each country; one that is too long or too short is a wrong digit."""
    for country in sorted({number.country for number in NUMBERS}):
        for kind in KINDS:
            for _ in range(count // len(KINDS)):
                number = _phone(country, rng)
                if kind == "wrong digit":
                    shown = f"+{number.country_code} 0000 {rng.randrange(10, 999)}"
                else:
                    how = rng.choice((1, 1, 2, 2, 0))
                    shown = phonenumbers.format_number(number, how)
                    if how == 1 and rng.random() < 0.3:
                        shown = shown.replace(" ", rng.choice(("-", ".", "")))
                frames = {"wrong context": _ELSEWHERE, "in a sentence": _SENTENCES, "alone": ("{number}",)}
                frame = rng.choice(frames.get(kind, _LABELLED))
                yield _placed(country, kind, frame, rng.choice(_PHONE_LABELS), shown, ("PhoneRecognizer",), "phone")


def _phone(country: str, rng: Random) -> phonenumbers.PhoneNumber:
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
    while True:
        example = phonenumbers.example_number_for_type(country, rng.choice(kinds))
        digits = str(example.national_number)
        tail = rng.randrange(4, min(7, len(digits) - 1))
        national = int(digits[:-tail] + "".join(rng.choice("0123456789") for _ in range(tail)))
        number = phonenumbers.PhoneNumber(
            country_code=example.country_code,
            national_number=national,
            italian_leading_zero=example.italian_leading_zero,
        )
        if phonenumbers.is_valid_number_for_region(number, country):
            return number


_NAMES = (
    "anna",
    "j.smith",
    "mari-liis.tamm",
    "o'neil",
    "info",
    "m_mueller99",
    "kontakt+news",
    "x",
    "first.middle.last",
)
_HOSTS = (
    "example.com",
    "mail.example.co.uk",
    "schule-am-see.de",
    "ut.ee",
    "sub.domain.example.org",
    "bücher.example.net",
)
_NO_ADDRESS = (
    "He wrote @anna on the wall.", "Use @media print in the style sheet.", "Meet me @ 9 at the gate.",
    "Set the tag to user@localhost in the file.", "a@b is a pair.", "The icon is icon@2x.png in the folder.",
    "3 apples @ 1.50 each.", "git@v2 is the branch.", "the decorator @app.route stays.", "price@night: 90 euros.",
)  # fmt: skip


def addresses(count: int, rng: Random) -> Iterator[Text]:
    """Yield texts with e-mail addresses, and with what looks like one."""
    for kind in ("valid", "in a sentence", "full width", "alone"):
        for _ in range(count // 5):
            frame = {"in a sentence": rng.choice(_SENTENCES), "alone": "{number}"}.get(kind, rng.choice(_LABELLED))
            shown = f"{rng.choice(_NAMES)}@{rng.choice(_HOSTS)}"
            yield _placed("", kind, frame, "e-mail", shown, ("EmailRecognizer",), "email")
    for _ in range(count // 5):
        text = rng.choice(_NO_ADDRESS)
        yield Text("", "wrong context", text, 0, len(text), ("EmailRecognizer",), "email")
