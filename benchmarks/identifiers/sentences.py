"""Ordinary sentences with years, dates, prices, amounts, ISBNs, order numbers: nothing in them names a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from stdnum import ean

#: What is made of digits in one piece and may look like anything.
_CODES = ("{isbn}", "{order}", "{ean}", "{tracking}", "{version}", "{coordinates}", "{serial}")

_FRAMES = {
    "en": (
        "In {year} the town had {amount} inhabitants.", "The ferry leaves at {time} and costs {price}.",
        "On {date} the council met for {small} hours.", "The book (ISBN {isbn}) has {small} pages on bees.",
        "Your order {order} was sent on {date}.", "Invoice {order}: {price}, due on {date}.",
        "From {year} to {year} the price rose by {percent}%.", "The bar code on the box is {ean}.",
        "Track the parcel with {tracking}.", "Version {version} was released in {year}.",
        "The river is {amount} metres long and {small} wide.", "Room {small}, building {small}, from {time} to {time}.",
        "The file {year}-{small} was closed on {iso}.", "The museum has {amount} coins; the oldest is from {year}.",
        "It is {coordinates} on the map.", "Pages {small}-{small} are missing.", "The serial number is {serial}.",
        "Article {small}({small}) of Regulation (EU) {year}/{small} applies.", "The meter shows {amount} kWh.",
        "They sold {amount} tickets for {price} each.",
    ),
    "de": (
        "Im Jahr {year} hatte die Stadt {amount} Einwohner.", "Der Zug fährt um {time} Uhr und kostet {price}.",
        "Am {date} tagte der Rat {small} Stunden.", "Das Buch (ISBN {isbn}) hat {small} Seiten.",
        "Ihre Bestellung {order} wurde am {date} verschickt.", "Rechnung {order}: {price}, fällig am {date}.",
        "Von {year} bis {year} stieg der Preis um {percent} %.", "Auf der Packung steht {ean}.",
        "Verfolgen Sie das Paket mit {tracking}.", "Version {version} erschien {year}.",
        "Der Fluss ist {amount} Meter lang.", "Raum {small}, Haus {small}, von {time} bis {time} Uhr.",
        "Die Akte {year}/{small} wurde am {iso} geschlossen.",
        "Das Museum besitzt {amount} Münzen, die älteste von {year}.",
        "Die Seriennummer lautet {serial}.", "Seiten {small}-{small} fehlen.",
        "§ {small} Absatz {small} gilt seit {date}.",
        "Der Zähler zeigt {amount} kWh.",
    ),
    "et": (
        "{year}. aastal elas linnas {amount} inimest.", "Praam väljub kell {time} ja maksab {price}.",
        "Volikogu kogunes {date} ja istus {small} tundi.", "Raamatus (ISBN {isbn}) on {small} lehekülge.",
        "Teie tellimus {order} saadeti teele {date}.", "Arve {order}: {price}, tähtaeg {date}.",
        "Aastatel {year}-{year} tõusis hind {percent}%.", "Karbil on triipkood {ean}.",
        "Pakki saab jälgida koodiga {tracking}.", "Versioon {version} ilmus {year}.",
        "Jõgi on {amount} meetrit pikk.", "Ruum {small}, maja {small}, kell {time} kuni {time}.",
        "Toimik {year}-{small} suleti {iso}.", "Muuseumis on {amount} münti, vanim aastast {year}.",
        "Seerianumber on {serial}.", "Leheküljed {small}-{small} on puudu.", "Arvesti näit on {amount} kWh.",
    ),
}  # fmt: skip


def sentences(language: str, codes: bool, count: int, rng: Random) -> Iterator[str]:
    """Yield ``count`` sentences with codes, or with none but years, times, dates, prices and amounts."""
    frames = [frame for frame in _FRAMES[language] if any(code in frame for code in _CODES) is codes]
    for _ in range(count):
        frame = rng.choice(frames)
        while "{" in frame:
            name = frame.partition("{")[2].partition("}")[0]
            frame = frame.replace(f"{{{name}}}", _MADE[name](rng, language), 1)
        yield frame


def _digits(rng: Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _amount(rng: Random, language: str) -> str:
    number = f"{rng.randrange(10) * 10 ** rng.randrange(3, 7) + rng.randrange(1000) * rng.choice((1, 100)) + 1:,}"
    return number.replace(",", {"en": ",", "de": ".", "et": " "}[language])


def _price(rng: Random, language: str) -> str:
    whole, cents = rng.randrange(1, 3000), rng.choice(("00", "50", "95", "99"))
    return f"€{whole:,}.{cents}" if language == "en" else f"{whole},{cents} €"


def _date(rng: Random, language: str) -> str:
    day, month, year = rng.randrange(1, 29), rng.randrange(1, 13), rng.randrange(1950, 2027)
    either = {"en": (f"{day}/{month}/{year}", f"{month:02}/{day:02}/{year}"), "de": (f"{day:02}.{month:02}.{year}",)}
    return rng.choice((f"{day}.{month}.{year}", *either.get(language, (f"{day:02}.{month:02}.{year}",))))


def _time(rng: Random, language: str) -> str:
    return f"{rng.randrange(24):02}{':' if language == 'en' else '.'}{rng.randrange(0, 60, 5):02}"


def _isbn(rng: Random, _: str) -> str:
    body = "978" + _digits(rng, 9)
    whole = body + ean.calc_check_digit(body)
    return rng.choice((whole, f"{whole[:3]}-{whole[3]}-{whole[4:6]}-{whole[6:12]}-{whole[12]}"))


def _ean(rng: Random, _: str) -> str:
    body = "4" + _digits(rng, 11)
    return body + ean.calc_check_digit(body)


_MADE: dict[str, Callable[[Random, str], str]] = {
    "year": lambda rng, _: str(rng.randrange(1780, 2031)),
    "amount": _amount,
    "time": _time,
    "price": _price,
    "date": _date,
    "iso": lambda rng, _: f"{rng.randrange(1990, 2027)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
    "small": lambda rng, _: str(rng.randrange(1, 400)),
    "percent": lambda rng, language: f"{rng.randrange(1, 90)}{'.' if language == 'en' else ','}{rng.randrange(10)}",
    "isbn": _isbn,
    "ean": _ean,
    "order": lambda rng, _: rng.choice((
        f"{rng.randrange(2015, 2027)}-{_digits(rng, 6)}", _digits(rng, 8), _digits(rng, 9), _digits(rng, 10),
        _digits(rng, 11), f"{_digits(rng, 3)}-{_digits(rng, 7)}-{_digits(rng, 7)}",
    )),
    "tracking": lambda rng, _: rng.choice((
        f"RR{_digits(rng, 9)}EE", _digits(rng, 12), _digits(rng, 14), f"1Z{_digits(rng, 8)}{_digits(rng, 8)}",
    )),
    "version": lambda rng, _: f"{rng.randrange(1, 20)}.{rng.randrange(30)}.{rng.randrange(100)}",
    "coordinates": lambda rng, _: f"{rng.randrange(90)}.{_digits(rng, 5)}, {rng.randrange(180)}.{_digits(rng, 5)}",
    "serial": lambda rng, _: rng.choice((
        f"SN{_digits(rng, 8)}", _digits(rng, 9), _digits(rng, 10), f"A{_digits(rng, 9)}",
    )),
}  # fmt: skip
