"""What a model is told of how to speak: a sentence for each value of a slot. Nothing here is a pack's."""
