"""Die Anweisungen auf Deutsch."""

from __future__ import annotations

from ordinance.instructions.catalogue import Catalogue

_NAMES = {
    "ar": "Arabisch", "az": "Aserbaidschanisch", "be": "Belarussisch", "bg": "Bulgarisch", "bn": "Bengalisch",
    "bs": "Bosnisch", "ca": "Katalanisch", "cs": "Tschechisch", "cy": "Walisisch", "da": "Dänisch", "de": "Deutsch",
    "el": "Griechisch", "en": "Englisch", "es": "Spanisch", "et": "Estnisch", "eu": "Baskisch", "fa": "Persisch",
    "fi": "Finnisch", "fr": "Französisch", "ga": "Irisch", "gl": "Galicisch", "he": "Hebräisch", "hi": "Hindi",
    "hr": "Kroatisch", "hu": "Ungarisch", "hy": "Armenisch", "id": "Indonesisch", "is": "Isländisch",
    "it": "Italienisch", "ja": "Japanisch", "ka": "Georgisch", "kk": "Kasachisch", "ko": "Koreanisch",
    "lb": "Luxemburgisch", "lt": "Litauisch", "lv": "Lettisch", "mk": "Mazedonisch", "mt": "Maltesisch",
    "nb": "Norwegisch (Bokmål)", "nl": "Niederländisch", "nn": "Norwegisch (Nynorsk)", "no": "Norwegisch",
    "pl": "Polnisch", "pt": "Portugiesisch", "ro": "Rumänisch", "ru": "Russisch", "se": "Nordsamisch",
    "sk": "Slowakisch", "sl": "Slowenisch", "sq": "Albanisch", "sr": "Serbisch", "sv": "Schwedisch", "sw": "Suaheli",
    "th": "Thailändisch", "tr": "Türkisch", "uk": "Ukrainisch", "ur": "Urdu", "vi": "Vietnamesisch",
    "zh": "Chinesisch",
}  # fmt: skip

CATALOGUE = Catalogue(
    sentences={
        "language": {"prompt": "Antworte in der Sprache der letzten Nachricht."},
        "script": {"prompt": "Verwende die Schrift der letzten Nachricht."},
        "address": {
            "formal": "Sprich die Menschen mit „Sie“ an.",
            "informal": "Sprich die Menschen mit „du“ an.",
            "plain": "Sprich in der schlichten Form.",
            "polite": "Sprich in der höflichen Form.",
            "honorific": "Sprich in der ehrenden Form, die das Gegenüber erhöht.",
            "humble": "Sprich in der bescheidenen Form, die den Sprecher zurücknimmt.",
            "deferential": "Sprich in der ehrerbietigen Form.",
            "prompt": "Sprich die Menschen so an, wie sie dich ansprechen.",
        },
        "honorific": {
            "none": "Verwende in der Anrede keine Titel.",
            "title": "Verwende in der Anrede den Titel, falls jemand einen genannt hat.",
            "san": "Hänge in der Anrede -san an den Namen an.",
            "sama": "Hänge in der Anrede -sama an den Namen an.",
            "sensei": "Hänge in der Anrede -sensei an den Namen an.",
            "ssi": "Hänge in der Anrede -ssi an den Namen an.",
            "nim": "Hänge in der Anrede -nim an den Namen an.",
        },
        "register": {
            "casual": "Schreibe locker, wie im Gespräch.",
            "neutral": "Schreibe in neutralem Ton.",
            "official": "Schreibe wie im amtlichen Schriftverkehr.",
            "prompt": "Richte dich nach dem Ton der letzten Nachricht.",
        },
        "reading level": {
            "A1": "Schreibe so, dass man es mit Lesekenntnissen der Stufe A1 (GER) versteht.",
            "A2": "Schreibe so, dass man es mit Lesekenntnissen der Stufe A2 (GER) versteht.",
            "B1": "Schreibe so, dass man es mit Lesekenntnissen der Stufe B1 (GER) versteht.",
            "B2": "Schreibe so, dass man es mit Lesekenntnissen der Stufe B2 (GER) versteht.",
            "C1": "Schreibe so, dass man es mit Lesekenntnissen der Stufe C1 (GER) versteht.",
            "C2": "Schreibe so, dass man es mit Lesekenntnissen der Stufe C2 (GER) versteht.",
        },
        "pedagogy": {
            "direct": "Nenne zuerst die Antwort und danach die Erklärung.",
            "guided": "Wenn jemand an einer Aufgabe arbeitet, führe Schritt für Schritt mit Fragen und Hinweisen zur "
            "Antwort. Was Leben oder Gesundheit schützt, sage sofort.",
        },
        "units": {
            "metric": "Gib Maße in metrischen Einheiten und Temperaturen in Grad Celsius an.",
            "us": "Gib Maße in den in den USA üblichen Einheiten und Temperaturen in Grad Fahrenheit an.",
            "uk": "Gib Maße in den Einheiten an, die im Vereinigten Königreich üblich sind.",
        },
    },
    filled={
        "language": "Antworte {language}.",
        "script": "Schreibe in {script}.",
        "spelling": "Halte dich an die Rechtschreibung, wie sie {language} üblich ist.",
        "numbers": "Schreibe Zahlen so, wie es {language} üblich ist.",
        "dates": "Schreibe Datumsangaben so, wie es {language} üblich ist.",
    },
    languages={tag: f"auf {name}" for tag, name in _NAMES.items()},
    scripts={
        "Latn": "lateinischer Schrift", "Cyrl": "kyrillischer Schrift", "Grek": "griechischer Schrift",
        "Arab": "arabischer Schrift", "Hebr": "hebräischer Schrift", "Armn": "armenischer Schrift",
        "Geor": "georgischer Schrift", "Deva": "Devanagari-Schrift", "Beng": "bengalischer Schrift",
        "Thai": "thailändischer Schrift", "Hans": "vereinfachten chinesischen Schriftzeichen",
        "Hant": "traditionellen chinesischen Schriftzeichen", "Jpan": "japanischer Schrift",
        "Kore": "koreanischer Schrift",
    },
    other_language="in der Sprache mit dem Kürzel {code}",
    other_script="der Schrift mit dem Kürzel {code}",
    closing="Das betrifft nur Sprache, Ton und Form: Tatsachen, Namen und Zitate bleiben, wie sie sind.",
)  # fmt: skip
