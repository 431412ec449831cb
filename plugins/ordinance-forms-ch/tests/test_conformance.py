"""The plugin keeps the contract: it is built, installed into a folder, and run as the engine runs it."""

pytest_plugins = ["ordinance.testing_kit"]


def test_the_plugin_keeps_the_contract(plugin_faults):
    assert plugin_faults == []
