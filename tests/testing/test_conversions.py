"""The table of conversions says what happened: what is identical, what is lost, and what is refused."""

from tvbo.testing.conversions import Conversion, both_ways, conversions, table
from tvbo.testing.networks import every_feature, example_networks


def test_our_own_format_loses_nothing() -> None:
    assert both_ways()[0] == "tvbo"
    (same,) = conversions(every_feature(), ["tvbo"])
    assert same == Conversion("tvbo", "tvbo")


def test_losses_and_refusals_are_told_apart() -> None:
    done = {
        (each.source, each.target): each for each in conversions(example_networks()["weights"], ["tvbo", "tvb-zip"])
    }
    # A connectivity of TVB has lengths.
    assert "length" in done["tvbo", "tvb-zip"].refused
    full = {(each.source, each.target): each for each in conversions(example_networks()["full"], ["tvbo", "tvb-zip"])}
    assert any(each.startswith("description") for each in full["tvbo", "tvb-zip"].lost)
    assert full["tvb-zip", "tvbo"].lost == full["tvb-zip", "tvb-zip"].lost == ()
    shown = table(full.values())
    assert shown.count("<tr>") == 3
    assert shown.count("identical") == 3
    assert "description" in shown
