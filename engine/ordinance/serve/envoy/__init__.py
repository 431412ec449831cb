"""One request as Envoy shows it to an external processor (ext_proc): read, asked, answered."""
