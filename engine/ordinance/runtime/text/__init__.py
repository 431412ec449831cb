"""How people read text: folding, clusters, sentences, paragraphs, scripts."""
