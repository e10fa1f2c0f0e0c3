"""Symbols are told apart by identity."""

from varexp.enclosure.symbols import Symbol, fresh_symbols


def test_fresh_symbols_are_others_of_the_same_kind():
    symbols = (Symbol(), Symbol(by_row=True))
    fresh = fresh_symbols(symbols)
    assert [s.by_row for s in fresh] == [False, True]
    assert not set(fresh) & set(symbols)
    assert Symbol() != Symbol()
