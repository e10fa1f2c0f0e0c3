"""Calculations: tables that need no trained model, each with settings, a table and a figure.

One module a calculation, which registers its settings; a new module here is a new calculation. configs/calculation/ has
a file for each, whose header says what it claims and what came out.
"""

from varexp.calculations.base import CALCULATIONS, Calculation, Row, write
from varexp.registry import import_all

import_all(__path__, __name__)

__all__ = ["CALCULATIONS", "Calculation", "Row", "write"]
