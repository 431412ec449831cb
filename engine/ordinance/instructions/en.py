"""The instructions in English, for every language that has no catalogue of its own."""

from __future__ import annotations

from ordinance.instructions.catalogue import Catalogue

_NAMES = {
    "ar": "Arabic", "az": "Azerbaijani", "be": "Belarusian", "bg": "Bulgarian", "bn": "Bengali", "bs": "Bosnian",
    "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "ga": "Irish", "gl": "Galician", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian",
    "hy": "Armenian", "id": "Indonesian", "is": "Icelandic", "it": "Italian", "ja": "Japanese", "ka": "Georgian",
    "kk": "Kazakh", "ko": "Korean", "lb": "Luxembourgish", "lt": "Lithuanian", "lv": "Latvian", "mk": "Macedonian",
    "mt": "Maltese", "nb": "Norwegian Bokmål", "nl": "Dutch", "nn": "Norwegian Nynorsk", "no": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "se": "Northern Sami", "sk": "Slovak",
    "sl": "Slovenian", "sq": "Albanian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "th": "Thai",
    "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip

CATALOGUE = Catalogue(
    sentences={
        "language": {"prompt": "Answer in the language of the last message."},
        "script": {"prompt": "Write in the script of the last message."},
        "address": {
            "formal": "Address people formally, wherever the language has a formal form of address.",
            "informal": "Address people informally, wherever the language has an informal form of address.",
            "plain": "Speak in the plain form.",
            "polite": "Speak in the polite form.",
            "honorific": "Speak in the honorific form, which raises the person spoken to.",
            "humble": "Speak in the humble form, which lowers the speaker.",
            "deferential": "Speak in the deferential form.",
            "prompt": "Address people as they address you.",
        },
        "honorific": {
            "none": "Use no titles when you address people.",
            "title": "Address people by their title, if they have given one.",
            "san": "Add -san to the names of people whom you address.",
            "sama": "Add -sama to the names of people whom you address.",
            "sensei": "Add -sensei to the names of people whom you address.",
            "ssi": "Add -ssi to the names of people whom you address.",
            "nim": "Add -nim to the names of people whom you address.",
        },
        "register": {
            "casual": "Write casually, as in a conversation.",
            "neutral": "Write in a neutral tone.",
            "official": "Write as in official correspondence.",
            "prompt": "Match the tone of the last message.",
        },
        "reading level": {
            "A1": "Write so that people who read at level A1 of the CEFR understand it.",
            "A2": "Write so that people who read at level A2 of the CEFR understand it.",
            "B1": "Write so that people who read at level B1 of the CEFR understand it.",
            "B2": "Write so that people who read at level B2 of the CEFR understand it.",
            "C1": "Write so that people who read at level C1 of the CEFR understand it.",
            "C2": "Write so that people who read at level C2 of the CEFR understand it.",
        },
        "pedagogy": {
            "direct": "Give the answer first, and then the explanation.",
            "guided": "When people work on an exercise, lead them to the answer step by step, with questions and "
            "hints. Say at once what protects life or health.",
        },
        "units": {
            "metric": "Give measurements in metric units and temperatures in degrees Celsius.",
            "us": "Give measurements in US customary units and temperatures in degrees Fahrenheit.",
            "uk": "Give measurements in the units that are usual in the United Kingdom.",
        },
    },
    filled={
        "language": "Answer {language}.",
        "script": "Write in {script}.",
        "spelling": "Spell words as is usual {language}.",
        "numbers": "Write numbers as is usual {language}.",
        "dates": "Write dates as is usual {language}.",
    },
    languages={tag: f"in {name}" for tag, name in _NAMES.items()},
    scripts={
        "Latn": "Latin script", "Cyrl": "Cyrillic script", "Grek": "Greek script", "Arab": "Arabic script",
        "Hebr": "Hebrew script", "Armn": "Armenian script", "Geor": "Georgian script", "Deva": "Devanagari script",
        "Beng": "Bengali script", "Thai": "Thai script", "Hans": "simplified Chinese characters",
        "Hant": "traditional Chinese characters", "Jpan": "Japanese script", "Kore": "Korean script",
    },
    other_language="in the language with the code {code}",
    other_script="the script with the code {code}",
    closing="This concerns language, tone and form only: facts, names and quotations stay as they are.",
)  # fmt: skip
