"""Recording: the operations of a function of tensors are written down once, and then repeated as they stand.

On small tensors vmap and autograd take longer to find the operations of a training step than the operations take to
run, and Python takes as long as they do to call them one by one: torch's interpreter of traces calls them instead.
"""

import operator
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn, ops
from torch.fx import Graph, GraphModule, Node
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

SHAPING = {ops.aten.view.default, ops.aten._unsafe_view.default}
KEEPING = {*SHAPING, ops.aten.expand.default, ops.aten.slice.Tensor, ops.aten.alias.default, ops.aten.detach.default}


class Recorder(TorchDispatchMode):
    """Writes down every operation on tensors, below vmap and autograd, and does it."""

    def __init__(self) -> None:
        super().__init__()
        self.graph, self.constants = Graph(), nn.Module()
        self.nodes: dict[int, Node] = {}
        self.alive: list[Any] = []  # no tensor takes the place of another while recording

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Torch's compiler never sees a recorder: torch need not import it, for seconds, to say so."""
        return False

    def argument(self, name: str, value: Any) -> None:
        self._name(value, self.graph.placeholder(name))

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        node = self.graph.call_function(function, tree_map(self.known, args), tree_map(self.known, kwargs))
        result = function(*args, **kwargs)
        self._name(result, node)
        return result

    def known(self, value: Any) -> Any:
        """The node that stands for a tensor; one that nothing made is a constant."""
        if not isinstance(value, Tensor):
            return value
        if id(value) not in self.nodes:
            name = f"constant_{len(self.alive)}"
            self.constants.register_buffer(name, value)
            self._name(value, self.graph.get_attr(name))
        return self.nodes[id(value)]

    def _name(self, value: Any, node: Node) -> None:
        if isinstance(value, Tensor):
            self.alive.append(value)
            self.nodes[id(value)] = node
            node.meta["shape"] = value.shape
        elif isinstance(value, tuple | list):
            for index, part in enumerate(value):
                self._name(part, self.graph.call_function(operator.getitem, (node, index)))


class Recorded:
    """A function as a fixed list of operations, repeated in order, to the bit, on arguments of the same shapes.

    The operations must not depend on values. The results cannot be differentiated.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        recorder = Recorder()
        for index, value in enumerate(arguments):
            recorder.argument(f"argument_{index}", value)
        with recorder:
            result = function(*arguments)
        recorder.graph.output(tree_map(recorder.known, result))
        _drop_idle_views(recorder.graph)
        self.shapes = _shapes(arguments)
        self.graph = recorder.graph
        self.repeat = _compiled(GraphModule(recorder.constants, self.graph), arguments)

    def __call__(self, *arguments: Any) -> Any:
        """ValueError for other shapes: the operations may have counted entries."""
        if _shapes(arguments) != self.shapes:
            raise ValueError(f"recorded with tensors of the shapes {self.shapes}, got {_shapes(arguments)}")
        with torch.no_grad():
            return self.repeat(*arguments)


def _compiled(module: GraphModule, arguments: Any) -> Callable[..., Any]:
    """The same operations in the same order, without Python between them."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of shapes that are recorded as they are, which is what is wanted
        traced = torch.jit.trace(module.eval(), tree_map(_detached, arguments), check_trace=False)
        return torch.jit.freeze(traced)


def _detached(value: Any) -> Any:
    return value.detach() if isinstance(value, Tensor) else value


def _shapes(arguments: Any) -> list[tuple[int, ...]]:
    return [tuple(x.shape) for x in tree_leaves(arguments)]


def _drop_idle_views(graph: Graph) -> None:
    """Views that change no shape go, and of a view of a view the first."""
    for node in graph.nodes:
        if node.target not in KEEPING:
            continue
        seen = node.args[0]
        if seen.meta["shape"] == node.meta["shape"]:
            node.replace_all_uses_with(seen)
        elif node.target in SHAPING and seen.target in SHAPING:
            node.replace_input_with(seen, seen.args[0])
    graph.eliminate_dead_code()
