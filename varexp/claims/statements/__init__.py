"""The claims themselves, one module or two a section of the paper."""
