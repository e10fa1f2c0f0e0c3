"""Symbols are told apart by identity."""

from varexp.enclosure.symbols import Symbol, fresh_symbols, parameter_symbols


def test_fresh_symbols_are_others_of_the_same_kind():
    symbols = (Symbol(), Symbol(by_row=True))
    fresh = fresh_symbols(symbols)
    assert [s.by_row for s in fresh] == [False, True]
    assert not set(fresh) & set(symbols)
    assert Symbol() != Symbol()


def test_parameters_are_the_same_number_in_every_model():
    symbols = parameter_symbols(3)
    assert fresh_symbols(symbols) == symbols == parameter_symbols(3)
    assert not set(parameter_symbols(2)) & set(symbols)
