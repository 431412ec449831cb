"""How a model is instructed to speak: a sentence for each value of a slot (``policy/slots.py``), none of a pack's."""
