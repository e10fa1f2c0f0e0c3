"""The mutants of one source text, each with a name that does not depend on line numbers."""

from collections import Counter
from dataclasses import dataclass

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from .context import function_of, is_mutated
from .operators import OPERATORS


@dataclass(frozen=True)
class Mutant:
    """One change of a file.

    Attributes:
        file: relative to the root of the repository.
        function: the qualified name of the function around it.
        operator: a key of OPERATORS.
        line: the text of the line where the change begins.
        place: the number, from 0, among the mutants of this operator on lines of this text in this function.
        occurrence: the number by which cosmic-ray finds it.
    """

    file: str
    function: str
    operator: str
    line: str
    place: int
    occurrence: int

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What identifies it in the list of explained survivors."""
        return self.file, self.function, self.operator, self.line, self.place

    def source(self, source: str) -> str:
        """The changed source."""
        changed = mutate_code(source, OPERATORS[self.operator], self.occurrence)
        assert changed is not None
        return str(changed)

    def changed_line(self, source: str) -> str:
        """The first line that differs, as it became."""
        lines = zip(source.splitlines(), self.source(source).splitlines(), strict=False)
        return next((new.strip() for old, new in lines if old != new), "")


def mutants(file: str, source: str) -> list[Mutant]:
    """All mutants of a source."""
    tree, lines = get_ast(source), source.splitlines()
    nodes = list(ast_nodes(tree))
    found, places = [], Counter[tuple[str, str, str]]()
    for name, operator in OPERATORS.items():
        occurrence = -1
        for node in nodes:
            for start, _ in operator.mutation_positions(node):
                occurrence += 1
                if not is_mutated(node, name):
                    continue
                place = (function_of(node), name, lines[start[0] - 1].strip())
                found.append(Mutant(file, *place, places[place], occurrence))
                places[place] += 1
    return found
