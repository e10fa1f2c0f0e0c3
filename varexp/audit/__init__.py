"""A second proof of released rows, by code that shares nothing with the code that made them.

`python -m varexp.audit` reads weights and claimed intervals, rebuilds every map in ball arithmetic (python-flint), and
proves or refutes both ends of the error. Nothing is imported but python-flint and the standard library.
"""
