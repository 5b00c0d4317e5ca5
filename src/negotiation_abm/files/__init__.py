"""Finding, reading and writing files: errors for people, provenance, the result folder."""
