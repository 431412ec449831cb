"""The register of a deployment: what is never said, left out, added, how people are spoken to, and whom to call, as a
document for the public. It names rules and laws, and nothing that a rule looks for."""
