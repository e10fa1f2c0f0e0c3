"""Domains of words: low-dimensional families of token maps on which sups are meant, of any side.

One file a kind of domain; a new file here registers itself.
"""

from varexp.maps.domains.base import DOMAINS, Domain, parse_domain
from varexp.maps.domains.curve import Curve  # first: the default

from varexp.maps.domains.disc import Disc  # isort: skip
from varexp.maps.domains.ball import Ball  # isort: skip
from varexp.registry import import_all

import_all(__path__, __name__)

__all__ = ["DOMAINS", "Ball", "Curve", "Disc", "Domain", "parse_domain"]
