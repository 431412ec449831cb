"""One small file per API: where it takes text, and how a model behind it can be made to say something."""
