"""A word may be spelt in two ways; it may not become another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ordinance.substance.spelling_alone import differ_in_spelling_alone


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Die Straße ist groß.", "Die Strasse ist gross."),
        ("3,5 km", "3.5 km"),
        ("the colour of the centre", "the color of the center"),
        ("organisation", "organization"),
        ("o facto", "o fato"),
        ("a acção", "a ação"),
        ("1.234,50 Euro, am 27.11.2026", "1’234.50 Euro, am 2026-11-27"),
        ("9,90 €", "€ 9,90"),
        ("l'eau - là", "l’eau – là"),
        ("die größere Tür", "die groessere Tuer"),
        ("o projeto econômico", "o projeto económico"),
        ("goût", "gout"),
        ("die übermütige", "die uebermuetige"),
        ("die übermütige", "die uebermütige"),
        ("mit größerer Häufigkeit", "mit grösserer Häufigkeit"),
        ("", ""),
    ],
)
def test_another_spelling(a: str, b: str) -> None:
    assert differ_in_spelling_alone(a, b)
    assert differ_in_spelling_alone(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Das ist erlaubt.", "Das ist verboten."),
        ("before the meal", "after the meal"),
        ("mit Salz", "ohne Salz"),
        ("vor dem Essen", "von dem Essen"),
        ("an increase", "a decrease"),
        ("the increase", "the decrease"),
        ("maximum", "minimum"),
        ("import", "export"),
        ("Das stimmt.", "Das stimmt?"),
        ("Das stimmt", "Das stimmt!"),
        ("eine Zahl", "eine `Zahl`"),
        ("eine Zahl", "eine <Zahl"),
        ("5.", "5?"),
        ("Zahl", "Zahl 👍"),
        ("es ist legal", "es ist illegal"),
        ("Ja.", "Ja, sicher."),
        ("Ja, sicher.", "Ja."),
        ("rot und blau", "blau und rot"),
        ("ein Satz", "einSatz"),
        ("sie hatte bezahlt", "sie hätte bezahlt"),
        ("er wurde entlassen", "er würde entlassen"),
        ("sie wurden entlassen", "sie würden entlassen"),
        ("hablo de eso", "habló de eso"),
        ("il a mangé", "il à mangé"),
        ("on mange", "on mangé"),
        ("un ano", "un año"),
        ("übermütige", "übermutige"),
        ("die Rückführung", "die Rückfuhrung"),
        ("ein Bücherwurmregal", "ein Bucherwürmregal"),
        ("against hypertension", "against hypotension"),
        ("la hiperglucemia", "la hipoglucemia"),
        ("interstate trade", "intrastate trade"),
        ("it was prescribed", "it was proscribed"),
        ("macroscopic", "microscopic"),
    ],
)
def test_another_word(a: str, b: str) -> None:
    assert not differ_in_spelling_alone(a, b)
    assert not differ_in_spelling_alone(b, a)


@given(some.text())
def test_a_text_is_a_spelling_of_itself(text: str) -> None:
    assert differ_in_spelling_alone(text, text)
    assert differ_in_spelling_alone(text, text.replace("ß", "ss"))
