"""Juhised eesti keeles."""

from __future__ import annotations

from ordinance.instructions.catalogue import Catalogue

_NAMES = {
    "ar": "araabia", "az": "aserbaidžaani", "be": "valgevene", "bg": "bulgaaria", "bn": "bengali", "bs": "bosnia",
    "ca": "katalaani", "cs": "tšehhi", "cy": "kõmri", "da": "taani", "de": "saksa", "el": "kreeka", "en": "inglise",
    "es": "hispaania", "et": "eesti", "eu": "baski", "fa": "pärsia", "fi": "soome", "fr": "prantsuse", "ga": "iiri",
    "gl": "galeegi", "he": "heebrea", "hi": "hindi", "hr": "horvaadi", "hu": "ungari", "hy": "armeenia",
    "id": "indoneesia", "is": "islandi", "it": "itaalia", "ja": "jaapani", "ka": "gruusia", "kk": "kasahhi",
    "ko": "korea", "lb": "letseburgi", "lt": "leedu", "lv": "läti", "mk": "makedoonia", "mt": "malta",
    "nb": "norra bokmåli", "nl": "hollandi", "nn": "uusnorra", "no": "norra", "pl": "poola",
    "pt": "portugali", "ro": "rumeenia", "ru": "vene", "se": "põhjasaami", "sk": "slovaki", "sl": "sloveeni",
    "sq": "albaania", "sr": "serbia", "sv": "rootsi", "sw": "suahiili", "th": "tai", "tr": "türgi",
    "uk": "ukraina", "ur": "urdu", "vi": "vietnami", "zh": "hiina",
}  # fmt: skip

CATALOGUE = Catalogue(
    sentences={
        "language": {"prompt": "Vasta viimase sõnumi keeles."},
        "script": {"prompt": "Kirjuta viimase sõnumi kirjas."},
        "address": {
            "formal": "Pöördu inimeste poole teie-vormis.",
            "informal": "Pöördu inimeste poole sina-vormis.",
            "plain": "Kasuta lihtvormi.",
            "polite": "Kasuta viisakusvormi.",
            "honorific": "Kasuta austusvormi, mis ülendab kõnetatavat.",
            "humble": "Kasuta alandlikku vormi, mis väljendab kõneleja tagasihoidlikkust.",
            "deferential": "Kasuta aupaklikku vormi.",
            "prompt": "Pöördu inimeste poole nii, nagu nemad pöörduvad sinu poole.",
        },
        "honorific": {
            "none": "Ära kasuta kõnetamisel tiitleid.",
            "title": "Kasuta kõnetamisel tiitlit, kui inimene on selle nimetanud.",
            "san": "Lisa kõnetamisel nimele -san.",
            "sama": "Lisa kõnetamisel nimele -sama.",
            "sensei": "Lisa kõnetamisel nimele -sensei.",
            "ssi": "Lisa kõnetamisel nimele -ssi.",
            "nim": "Lisa kõnetamisel nimele -nim.",
        },
        "register": {
            "casual": "Kirjuta vabalt, nagu vestluses.",
            "neutral": "Kirjuta neutraalses toonis.",
            "official": "Kirjuta nagu ametlikus kirjavahetuses.",
            "prompt": "Lähtu viimase sõnumi toonist.",
        },
        "reading level": {
            "A1": "Kirjuta nii, et tekst oleks arusaadav A1-taseme lugejale.",
            "A2": "Kirjuta nii, et tekst oleks arusaadav A2-taseme lugejale.",
            "B1": "Kirjuta nii, et tekst oleks arusaadav B1-taseme lugejale.",
            "B2": "Kirjuta nii, et tekst oleks arusaadav B2-taseme lugejale.",
            "C1": "Kirjuta nii, et tekst oleks arusaadav C1-taseme lugejale.",
            "C2": "Kirjuta nii, et tekst oleks arusaadav C2-taseme lugejale.",
        },
        "pedagogy": {
            "direct": "Anna kõigepealt vastus ja seejärel selgitus.",
            "guided": "Kui inimene lahendab ülesannet, juhi ta küsimuste ja vihjetega samm-sammult vastuseni. "
            "Ütle kohe, mis kaitseb elu või tervist.",
        },
        "units": {
            "metric": "Esita mõõdud meetermõõdustiku ühikutes ja temperatuur Celsiuse kraadides.",
            "us": "Esita mõõdud Ameerika Ühendriikides kasutatavates ühikutes ja temperatuur Fahrenheiti kraadides.",
            "uk": "Esita mõõdud Ühendkuningriigis kasutatavates ühikutes.",
        },
    },
    filled={
        "language": "Vasta {language}.",
        "script": "Kirjuta {script}.",
        "spelling": "Järgi õigekirja, mis on tavaks {language}.",
        "numbers": "Kirjuta arvud nii, nagu on tavaks {language}.",
        "dates": "Kirjuta kuupäevad nii, nagu on tavaks {language}.",
    },
    languages={tag: f"{name} keeles" for tag, name in _NAMES.items()},
    scripts={
        "Latn": "ladina kirjas", "Cyrl": "kirillitsas", "Grek": "kreeka kirjas", "Arab": "araabia kirjas",
        "Hebr": "heebrea kirjas", "Armn": "armeenia kirjas", "Geor": "gruusia kirjas", "Deva": "devanaagari kirjas",
        "Beng": "bengali kirjas", "Thai": "tai kirjas", "Hans": "lihtsustatud hiina kirjas",
        "Hant": "traditsioonilises hiina kirjas", "Jpan": "jaapani kirjas", "Kore": "korea kirjas",
    },
    other_language="keeles, mille kood on {code}",
    other_script="kirjas, mille kood on {code}",
    closing="See puudutab ainult keelt, tooni ja vormi: faktid, nimed ja tsitaadid jäävad muutmata.",
)  # fmt: skip
