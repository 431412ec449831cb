"""Numbers made at random, and how people write and call them. Shares nothing with the plugin that looks for them.

A template is filled until the arithmetic of ``check`` holds: ``#`` is a digit, ``?`` one from 1 to 9, ``@`` a letter,
``[…]`` one of these, ``%d %m %y %Y`` a day of birth, ``{sign}`` the century of a
Finnish one, ``{spi}`` three check digits that nobody would meet by chance. A form has an ``x`` for each character of the number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import import_module
from random import Random

from stdnum.fr.nif import calc_check_digits

Check = Callable[[str], bool]


@dataclass(frozen=True)
class Number:
    """``labels`` are what people write before it; ``peers`` the recognisers of Presidio for it, by class."""

    country: str
    name: str
    check: str | Check
    templates: dict[str, tuple[str, ...]]
    labels: tuple[str, ...]
    peers: tuple[str, ...] = ()
    born: tuple[int, int] = (1940, 2012)
    checked: Check = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "checked", import_module(f"stdnum.{self.check}").is_valid if isinstance(self.check, str) else self.check
        )

    def draw(self, rng: Random) -> tuple[str, str]:
        """Return a valid number and one way to write it."""
        template = rng.choice(list(self.templates))
        for _ in range(100_000):
            number = _filled(template, self.born, rng)
            if self.checked(number):
                return number, rng.choice(self.templates[template])
        raise ValueError(f"{self.country} {self.name}: no valid number")

    def spoil(self, number: str, rng: Random) -> str | None:
        """Return ``number`` with one digit that makes it invalid; None if none of 200 tries does."""
        places = [at for at, char in enumerate(number) if char.isdigit()]
        for _ in range(200):
            at = rng.choice(places)
            other = rng.choice([digit for digit in "0123456789" if digit != number[at]])
            wrong = f"{number[:at]}{other}{number[at + 1 :]}"
            if not self.checked(wrong):
                return wrong
        return None


def written(number: str, form: str) -> str:
    """Return ``number`` in the form ``form``."""
    characters = iter(number)
    return "".join(next(characters) if char == "x" else char for char in form)


def _filled(template: str, born: tuple[int, int], rng: Random) -> str:
    first = date(born[0], 1, 1)
    day = first + timedelta(days=rng.randrange((date(born[1], 12, 31) - first).days))
    sign = "A" if day.year > 1999 else "-"
    text = day.strftime(template).replace("{sign}", sign)
    text = re.sub(r"\[([^]]+)\]|[#?@]", lambda part: _one(part, rng), text)
    body = text.removesuffix("{spi}")
    return text if body == text else body + calc_check_digits(body)


def _one(part: re.Match[str], rng: Random) -> str:
    ranges = {"#": "0123456789", "?": "123456789", "@": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    among = part[1].split("|") if part[1] and "|" in part[1] else part[1]
    return rng.choice(among or ranges[part[0]])


def _nino(text: str) -> bool:
    prefix, rest = text[:2], text[2:8]
    return prefix not in ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ") and rest.isdigit()


def _german(positions: str, letter: int) -> Check:
    """Sums of products' digits as § 290 SGB V and § 4 VKVV have them."""

    def check(text: str) -> bool:
        if letter and not (1 <= int(text[2:4]) % 50 <= 31 and 1 <= int(text[4:6]) <= 12):
            return False
        code = str(ord(text[letter]) - 64).rjust(2, "0")
        digits = text[:letter] + code + text[letter + 1 : -1]
        total = 0
        for digit, factor in zip(digits, positions, strict=True):
            product = int(digit) * int(factor)
            total += product // 10 + product % 10
        return total % 10 == int(text[-1])

    return check


_ITALIAN = "[RSS|BNC|FRR|SPS|RMN|CLM|RCC|GLL|MRT|FOX|NRE|SRA|VRD|BRN|CNT|DLC]"
_MALE_DAY = "[01|09|15|22|28|41|52|63|68]"

NUMBERS = (
    Number("AT", "VNR", "at.vnr", {"?###%d%m%y": ("xxxx xxxxxx", "xxxxxxxxxx")},
           ("Sozialversicherungsnummer", "SVNR", "social security number")),
    Number("AT", "Abgabenkontonummer", "at.tin", {"#########": ("xx-xxx/xxxx", "xxxxxxxxx")},
           ("Steuernummer", "Abgabenkontonummer", "tax number")),
    Number("AU", "TFN", "au.tfn", {"?########": ("xxx xxx xxx", "xxxxxxxxx")},
           ("TFN", "tax file number", "my Tax File Number"), ("AuTfnRecognizer",)),
    Number("BE", "Rijksregisternummer", "be.nn", {"%y%m%d#####": ("xx.xx.xx-xxx.xx", "xxxxxxxxxxx")},
           ("Rijksregisternummer", "numéro national", "national number")),
    Number("BG", "EGN", "bg.egn", {"%y%m%d####": ("xxxxxxxxxx",)}, ("ЕГН", "EGN", "personal number"), born=(1940, 1999)),
    Number("BG", "LNCh", "bg.pnf", {"##########": ("xxxxxxxxxx",)}, ("ЛНЧ", "личен номер на чужденец", "personal number")),
    Number("CA", "SIN", "ca.sin", {"[1234567]########": ("xxx xxx xxx", "xxx-xxx-xxx", "xxxxxxxxx")},
           ("SIN", "social insurance number", "numéro d'assurance sociale"), ("CaSinRecognizer",)),
    Number("CA", "PHN", "ca.bc_phn", {"9#########": ("xxxx xxx xxx", "xxxxxxxxxx")},
           ("PHN", "personal health number", "health card")),
    Number("CH", "AHV", "ch.ssn", {"756##########": ("xxx.xxxx.xxxx.xx", "xxxxxxxxxxxxx")},
           ("AHV-Nummer", "numéro AVS", "social security number")),
    Number("CZ", "RC", "cz.rc", {"%y%m%d####": ("xxxxxx/xxxx", "xxxxxxxxxx")},
           ("Rodné číslo", "rč", "personal identification number"), born=(1954, 2012)),
    Number("CZ", "RC 9", "cz.rc", {"%y%m%d###": ("xxxxxx/xxx",)}, ("Rodné číslo", "r. č.", "personal number"),
           born=(1930, 1953)),
    Number("DE", "IdNr", "de.idnr", {"?##########": ("xxxxxxxxxxx", "xx xxx xxx xxx")},
           ("Steuer-ID", "Steueridentifikationsnummer", "tax ID"), ("DeTaxIdRecognizer",)),
    Number("DE", "StNr", "de.stnr", {"181########": ("xxx/xxx/xxxxx",), "21########": ("xx/xxx/xxxxx",)},
           ("Steuernummer", "St.-Nr.", "tax number"), ("DeTaxNumberRecognizer",)),
    Number("DE", "RVNR", _german("212571212121", 8), {"##%d%m%y@###": ("xxxxxxxxxxxx", "xx xxxxxx x xxx")},
           ("Rentenversicherungsnummer", "Sozialversicherungsnummer", "RVNR"), ("DeSocialSecurityRecognizer",)),
    Number("DE", "KVNR", _german("1212121212", 0), {"@#########": ("xxxxxxxxxx",)},
           ("Krankenversichertennummer", "Versichertennummer", "KVNR"), ("DeHealthInsuranceRecognizer",)),
    Number("DK", "CPR", "dk.cpr", {"%d%m%y####": ("xxxxxx-xxxx", "xxxxxxxxxx")},
           ("CPR-nummer", "personnummer", "CPR number")),
    Number("EE", "Isikukood", "ee.ik", {"[3456]%y%m%d####": ("xxxxxxxxxxx",)},
           ("Isikukood", "minu isikukood", "personal code")),
    Number("ES", "DNI", "es.dni", {"########@": ("xxxxxxxxx", "xxxxxxxx-x")}, ("DNI", "NIF", "documento nacional de identidad"),
           ("EsNifRecognizer",)),
    Number("ES", "NIE", "es.nie", {"[XYZ]#######@": ("xxxxxxxxx", "xxxxxxxx-x")},
           ("NIE", "número de identidad de extranjero", "ID number"), ("EsNieRecognizer",)),
    Number("FI", "Hetu", "fi.hetu", {"%d%m%y{sign}###[0123456789ABCDEFHJKLMNPRSTUVWXY]": ("xxxxxxxxxxx",)},
           ("Henkilötunnus", "hetu", "personal identity code"), ("FiPersonalIdentityCodeRecognizer",)),
    Number("FI", "Veronumero", "fi.veronumero", {"############": ("xxxxxxxxxxxx",)}, ("veronumero", "skattenummer", "tax number")),
    Number("FR", "NIR", "fr.nir", {"[12]%y%m[01|13|31|59|69|75|92|2A]######[01|13|24|37|42|56|68|77|84|96]": (
        "xxxxxxxxxxxxxxx", "x xx xx xx xxx xxx xx")},
           ("numéro de sécurité sociale", "NIR", "social security number")),
    Number("FR", "SPI", "fr.nif", {"[0123]#########{spi}": ("xxxxxxxxxxxxx", "xx xx xxx xxx xxx")},
           ("numéro fiscal", "SPI", "tax number")),
    Number("GB", "NHS", "gb.nhs", {"##########": ("xxx xxx xxxx", "xxxxxxxxxx", "xxx-xxx-xxxx")},
           ("NHS number", "NHS no.", "patient number"), ("NhsRecognizer",)),
    Number("GB", "NINO", _nino, {"[ABCEGHJKLMNOPRSTWXYZ][ABCEGHJKLMNPRSTWXYZ]######[ABCD]": ("xxxxxxxxx", "xx xx xx xx x")},
           ("National Insurance number", "NI number", "NINO"), ("UkNinoRecognizer",)),
    Number("GB", "UTR", "gb.utr", {"##########": ("xxxxxxxxxx", "xxxxx xxxxx")},
           ("UTR", "Unique Taxpayer Reference", "HMRC tax reference")),
    Number("GR", "AMKA", "gr.amka", {"%d%m%y#####": ("xxxxxxxxxxx",)}, ("ΑΜΚΑ", "AMKA", "social security number")),
    Number("GR", "AFM", "gr.vat", {"#########": ("xxxxxxxxx",)}, ("ΑΦΜ", "Α.Φ.Μ.", "tax number")),
    Number("HR", "OIB", "hr.oib", {"###########": ("xxxxxxxxxxx",)}, ("OIB", "osobni identifikacijski broj", "personal identification number")),
    Number("IE", "PPS", "ie.pps", {"#######@": ("xxxxxxxx",), "#######@[AB]": ("xxxxxxxxx",)},
           ("PPS number", "PPSN", "personal public service number")),
    Number("IN", "Aadhaar", "in_.aadhaar", {"[23456789]###########": ("xxxx xxxx xxxx", "xxxxxxxxxxxx", "xxxx-xxxx-xxxx")},
           ("Aadhaar", "Aadhaar number", "UIDAI"), ("InAadhaarRecognizer",)),
    Number("IN", "PAN", "in_.pan", {"@@@P@####@": ("xxxxxxxxxx",)}, ("PAN", "permanent account number", "income tax PAN"),
           ("InPanRecognizer",)),
    Number("IS", "Kennitala", "is_.kennitala", {"%d%m%y###[9]": ("xxxxxx-xxxx", "xxxxxxxxxx")}, ("kennitala", "kt.", "ID number"),
           born=(1940, 1999)),
    Number("IT", "Codice fiscale", "it.codicefiscale",
           {f"{_ITALIAN}{_ITALIAN}##[ABCDEHLMPRST]{_MALE_DAY}[A|C|F|H|L|Z]###@": ("x" * 16,)},
           ("codice fiscale", "C.F.", "tax code"), ("ItFiscalCodeRecognizer",)),
    Number("KR", "RRN", "kr.rrn", {"%y%m%d[12]######": ("xxxxxx-xxxxxxx", "xxxxxxxxxxxxx")},
           ("주민등록번호", "RRN", "resident registration number"), ("KrRrnRecognizer",), born=(1940, 1999)),
    Number("LT", "Asmens kodas", "lt.asmens", {"[3456]%y%m%d####": ("xxxxxxxxxxx",)}, ("asmens kodas", "a. k.", "personal code")),
    Number("LV", "Personas kods", "lv.pvn", {"%d%m%y[12]####": ("xxxxxx-xxxxx", "xxxxxxxxxxx")}, ("personas kods", "p.k.", "personal code")),
    Number("LV", "Personas kods 32", "lv.pvn", {"32#########": ("xxxxxx-xxxxx", "xxxxxxxxxxx")}, ("personas kods", "p.k.", "personal code")),
    Number("NL", "BSN", "nl.bsn", {"#########": ("xxxxxxxxx",)}, ("BSN", "burgerservicenummer", "citizen number")),
    Number("NO", "Fødselsnummer", "no.fodselsnummer", {"%d%m%y#####": ("xxxxxx xxxxx", "xxxxxxxxxxx")},
           ("fødselsnummer", "personnummer", "national identity number")),
    Number("PL", "PESEL", "pl.pesel", {"%y%m%d#####": ("xxxxxxxxxxx",)}, ("PESEL", "numer PESEL", "personal number"),
           ("PlPeselRecognizer",), born=(1940, 1999)),
    Number("PL", "NIP", "pl.nip", {"##########": ("xxx-xxx-xx-xx", "xxx-xx-xx-xxx", "xxxxxxxxxx")}, ("NIP", "numer NIP", "tax number")),
    Number("PT", "CC", "pt.cc", {"#########[Z][XYZ]#": ("xxxxxxxx x xxx", "xxxxxxxxxxxx")}, ("Cartão de Cidadão", "CC n.º", "ID card")),
    Number("PT", "NIF", "pt.nif", {"[12]########": ("xxxxxxxxx", "xxx xxx xxx")}, ("NIF", "número de contribuinte", "tax number")),
    Number("RO", "CNP", "ro.cnp", {"[12]%y%m%d[01|12|23|35|40]####": ("xxxxxxxxxxxxx",)}, ("CNP", "cod numeric personal", "personal code"), born=(1940, 1999)),
    Number("SE", "Personnummer", "se.personnummer",
           {"%y%m%d####": ("xxxxxx-xxxx", "xxxxxxxxxx"), "%Y%m%d####": ("xxxxxxxx-xxxx", "xxxxxxxxxxxx")},
           ("personnummer", "mitt personnummer", "personal identity number"), ("SePersonnummerRecognizer",)),
    Number("SI", "EMŠO", "si.emso", {"%d%m9[4|5|6|7|8|9]#50####": ("xxxxxxxxxxxxx",)}, ("EMŠO", "matična številka", "personal number")),
    Number("SI", "Davčna", "si.ddv", {"?#######": ("xxxxxxxx",)}, ("davčna številka", "davčna št.", "tax number")),
    Number("SK", "RC", "sk.rc", {"%y%m%d####": ("xxxxxx/xxxx", "xxxxxxxxxx")}, ("rodné číslo", "r. č.", "personal number"), born=(1954, 2012)),
    Number("TH", "PIN", "th.pin", {"[12345678]############": ("xxxxxxxxxxxxx", "x-xxxx-xxxxx-xx-x")},
           ("เลขประจำตัวประชาชน", "Thai ID", "national ID"), ("ThTninRecognizer",)),
    Number("TR", "TCKN", "tr.tckimlik", {"?##########": ("xxxxxxxxxxx",)}, ("T.C. kimlik no", "TCKN", "national ID"), ("TrNationalIdRecognizer",)),
    Number("TR", "VKN", "tr.vkn", {"##########": ("xxxxxxxxxx",)}, ("vergi kimlik numarası", "VKN", "tax number")),
    Number("UA", "RNTRC", "ua.rntrc", {"[23]#########": ("xxxxxxxxxx",)}, ("РНОКПП", "ІПН", "taxpayer number")),
    Number("US", "SSN", "us.ssn", {"?########": ("xxx-xx-xxxx", "xxxxxxxxx", "xxx xx xxxx")}, ("SSN", "social security number", "Social Security no."), ("UsSsnRecognizer",)),
    Number("US", "ITIN", "us.itin", {"9########": ("xxx-xx-xxxx", "xxxxxxxxx")}, ("ITIN", "taxpayer identification number", "tax ID"), ("UsItinRecognizer",)),
    Number("ZA", "ID", "za.idnr", {"%y%m%d####[0][8]#": ("xxxxxxxxxxxxx",)}, ("ID number", "identity number", "RSA ID"), ("ZaIdNumberRecognizer",)),
    Number("ZA", "Tax", "za.tin", {"[01239]#########": ("xxxxxxxxxx",)}, ("tax number", "income tax reference", "SARS tax reference"), ("ZaIncomeTaxNumberRecognizer",)),
)  # fmt: skip
