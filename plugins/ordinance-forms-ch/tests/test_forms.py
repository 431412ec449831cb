"""What becomes of a passage, and what stays; the kit tries the examples in ``ordinance-examples.toml``."""

from __future__ import annotations

import pytest
from ordinance_forms_ch import form
from ordinance_forms_ch.figures import swiss_numbers
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
    "name",
    [
        "Herr Fuß", "Groß", "Peter Weiß", "Strauß und Söhne", "Großbritannien", "Preußen", "Frau Dr. Spieß", "Gießen",
        "straße.de", "www.straße.example", "straße@weiß.example",
    ],
)  # fmt: skip
def test_names_and_addresses_keep_their_spelling(name: str) -> None:
    assert swiss_spelling(f"Das ist {name}.") == f"Das ist {name}."


@pytest.mark.parametrize(
    ("written", "swiss"),
    [
        ("1.234,5", "1'234.5"),
        ("1.234.567,89 Franken", "1'234'567.89 Franken"),
        ("1\u202f234,5 m", "1'234.5 m"),
        ("-3,5 °C und −4,5 °C", "-3.5 °C und −4.5 °C"),
        ("0,125 l", "0.125 l"),
        ("rund 2,4 Mio. Franken", "rund 2.4 Mio. Franken"),
        ("€ 9,90", "€ 9.90"),
    ],
)
def test_a_number_that_can_be_read_in_one_way_is_written_otherwise(written: str, swiss: str) -> None:
    assert swiss_numbers(f"Es sind {written}.") == f"Es sind {swiss}."


@pytest.mark.parametrize(
    "written",
    [
        "1.234", "12.345 km", "1,234 km", "3,5", "3,50 Leute", "1.234,50 Leute", "27.11.2026", "10.0.0.1",
        "192.168.100.200", "Version 1.234.567", "Nr. 1.234.567", "§ 3,5 m", "CHE-123.456.789", "0.123.456",
        "01,5 km", "1,2,3 km", "3 250,50 Euro", "12.30 Uhr", "a3,5 km", "1.23.456", "1'234.5", "1.2345,6",
    ],
)  # fmt: skip
def test_every_other_number_stays(written: str) -> None:
    assert swiss_numbers(f"Es sind {written}.") == f"Es sind {written}."


@pytest.mark.parametrize("rewrite", [swiss_spelling, swiss_numbers])
def test_twice_is_once(rewrite) -> None:
    text = "Die Straße misst 1.234,5 km, sagt Frau Weiß: groß ist 3,5 %."
    assert rewrite(rewrite(text)) == rewrite(text) != text


def test_a_name_of_somebody_else_is_not_ours_and_arguments_are_refused() -> None:
    assert form(Asked("acme.spelling")) is None
    with pytest.raises(ValueError, match="takes nothing"):
        form(Asked("ch.spelling", ("x",)))
