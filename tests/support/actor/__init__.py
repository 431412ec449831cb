"""An actor: a server that speaks the protocols of a model server in full and plays a model that does what it is asked.

Clients of others are tried against it as it is, and through the gateway (tests/clients). It knows nothing of Ordinance.
"""
