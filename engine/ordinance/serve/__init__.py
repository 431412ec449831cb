"""The doors: protocols, the gateway, the embedded model. Only this room knows HTTP."""
