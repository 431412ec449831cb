"""The text that Prometheus reads."""

from __future__ import annotations

from ordinance.serve.metrics import families
from ordinance.serve.metrics.exposition import exposition
from ordinance.serve.metrics.tally import COUNT, SUM, Tally


def test_a_histogram_counts_upwards_and_ends_with_all() -> None:
    tally = Tally()
    for value in (0, 3, 4, 5, 100_000):
        tally.observe(families.HELD, value)
    lines = exposition(tally.numbers()).splitlines()
    assert lines[1] == "# TYPE ordinance_held_characters histogram"
    assert lines[2:5] == [
        'ordinance_held_characters_bucket{le="0"} 1',
        'ordinance_held_characters_bucket{le="4"} 3',
        'ordinance_held_characters_bucket{le="16"} 4',
    ]
    assert lines[-3:] == [
        'ordinance_held_characters_bucket{le="+Inf"} 5',
        "ordinance_held_characters_sum 100012",
        "ordinance_held_characters_count 5",
    ]


def test_a_value_of_a_label_cannot_end_its_line() -> None:
    tally = Tally()
    tally.add(families.RULES, 'a"} 1\nother \\', "say")
    line = exposition(tally.numbers()).splitlines()[-1]
    assert line == 'ordinance_rules_total{rule="a\\"} 1\\nother \\\\",effect="say"} 1'


def test_a_summary_has_sum_and_count() -> None:
    name = families.PLUGIN_SECONDS.name
    text = exposition({(name, SUM, "acme"): 0.25, (name, COUNT, "acme"): 4.0})
    assert f'{name}_sum{{plugin="acme"}} 0.25\n' in text
    assert f'{name}_count{{plugin="acme"}} 4\n' in text


def test_names_say_what_they_are() -> None:
    for family in families.FAMILIES:
        assert family.name.startswith("ordinance_")
        assert family.name.endswith("_total") == (family.kind == "counter"), family.name
        assert bool(family.bounds) == (family.kind == "histogram"), family.name
        assert family.means.endswith("."), family.name
