"""What becomes of a text, and what stays; the examples in ``ordinance-examples.toml`` are tried by the kit."""

from __future__ import annotations

import pytest
from ordinance_forms_ch import form
from ordinance_forms_ch.figures import swiss_numbers
from ordinance_forms_ch.quotation_marks import guillemets
from ordinance_forms_ch.spelling import swiss_spelling

from ordinance.plugin import Asked


@pytest.mark.parametrize(
    ("written", "swiss"),
    [
        ("Maßstab, Fußgänger, Spaß, Süßigkeit", "Massstab, Fussgänger, Spass, Süssigkeit"),
        ("von Straßen, außer dreißig", "von Strassen, ausser dreissig"),
        ("STRAßE und STRAẞE", "STRASSE und STRASSE"),
        ("Straßenbahn-Haltestelle", "Strassenbahn-Haltestelle"),
    ],
)
def test_words_are_spelt_with_ss(written: str, swiss: str) -> None:
    assert swiss_spelling(written) == swiss


@pytest.mark.parametrize(
    "name", ["Herr Fuß", "Groß", "Peter Weiß", "Strauß und Söhne", "Großbritannien", "Preußen", "Frau Dr. Spieß"]
)
def test_names_keep_their_spelling(name: str) -> None:
    assert swiss_spelling(f"Das ist {name}.") == f"Das ist {name}."


@pytest.mark.parametrize(
    ("written", "swiss"),
    [
        ("1.234,5", "1’234.5"),
        ("1.234.567,89 Franken", "1’234’567.89 Franken"),
        ("1\u202f234,5 m", "1’234.5 m"),
        ("-3,5 °C und −4,5 °C", "-3.5 °C und −4.5 °C"),
        ("0,125 l", "0.125 l"),
        ("rund 2,4 Mio. Franken", "rund 2.4 Mio. Franken"),
        ("€ 9,90", "€ 9.90"),
        ("60,5 km/h", "60.5 km/h"),
    ],
)
def test_a_number_that_can_be_read_in_one_way_is_written_otherwise(written: str, swiss: str) -> None:
    assert swiss_numbers(f"Es sind {written}.") == f"Es sind {swiss}."


@pytest.mark.parametrize(
    "written",
    [
        "1.234", "12.345 km", "1,234 km", "3,5", "3,50 Leute", "1.234,50 Leute", "27.11.2026", "10.0.0.1",
        "192.168.100.200", "Version 1.234.567", "Nr. 1.234.567", "§ 3,5 m", "CHE-123.456.789", "0.123.456",
        "01,5 km", "1,2,3 km", "3 250,50 Euro", "12.30 Uhr", "a3,5 km", "1.23.456", "1’234.5", "1.2345,6",
    ],
)  # fmt: skip
def test_every_other_number_stays(written: str) -> None:
    assert swiss_numbers(f"Es sind {written}.") == f"Es sind {written}."


@pytest.mark.parametrize(
    ("written", "swiss"),
    [
        ("„Ja“, „nein”", "«Ja», «nein»"),
        ("„Die ‚alte‘ Zeit“", "«Die ‚alte‘ Zeit»"),
        ('„Die "alte" Zeit“', '«Die "alte" Zeit»'),
        ('»Ja« ("nein")', "«Ja» («nein»)"),
    ],
)
def test_marks_of_a_quotation_become_guillemets(written: str, swiss: str) -> None:
    assert guillemets(f"Er sagt: {written}.") == f"Er sagt: {swiss}."


@pytest.mark.parametrize(
    "written", ["«Ja» und «nein»", "« oui »", "„offen", '27" und 24"', "„Das ‹alte› «Haus»“", '`print("ja")`', "“yes”"]
)
def test_marks_that_are_swiss_or_uncertain_stay(written: str) -> None:
    assert guillemets(f"Er sagt: {written}.") == f"Er sagt: {written}."


@pytest.mark.parametrize("rewrite", [swiss_spelling, swiss_numbers, guillemets])
@pytest.mark.parametrize(
    "kept",
    [
        "`größe = 3,5 m`", "https://straße.example/1.234,5?q=\"größe\"", "straße@weiß.example", "größe_3,5 m",
        "C:\\straße\\maß", "/etc/straße/maß", "www.straße.example", "straße.de",
    ],
)  # fmt: skip
def test_code_and_addresses_stay(rewrite, kept: str) -> None:
    assert rewrite(f"Siehe {kept} dort.") == f"Siehe {kept} dort."


@pytest.mark.parametrize("rewrite", [swiss_spelling, swiss_numbers])
@pytest.mark.parametrize("marks", ["„“", "„”", "»«", '""', "«»"])
def test_the_text_of_a_quotation_stays(rewrite, marks: str) -> None:
    said = f"{marks[0]}Die Straße misst 1.234,5 km{marks[1]}"
    assert rewrite(f"Er sagt {said} dort.") == f"Er sagt {said} dort."


@pytest.mark.parametrize("rewrite", [swiss_spelling, swiss_numbers, guillemets])
def test_twice_is_once(rewrite) -> None:
    text = 'Die Straße misst „1.234,5 km“, also 1.234,5 km, sagt Frau Weiß: "groß" ist 3,5 %.'
    assert rewrite(rewrite(text)) == rewrite(text)


def test_a_name_of_somebody_else_is_not_ours_and_arguments_are_refused() -> None:
    assert form(Asked("acme.spelling")) is None
    with pytest.raises(ValueError, match="takes nothing"):
        form(Asked("ch.spelling", ("x",)))
