"""What a model is told of how to speak: reviewed sentences, one for each value of a slot. Nothing here is a pack's."""
