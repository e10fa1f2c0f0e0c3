"""einsum at numbers: every kind of label, operands in any order, and labels of cells where they must not be."""

import pytest
import torch
from agreement import X, assert_agrees, exactly, numbers

from varexp.enclosure import UnknownOperationError

W, U, V = numbers(5, 2, seed=2), numbers(2, 3, seed=3), numbers(5, seed=4)
T, C = numbers(3, 2, 4, seed=5), numbers(3, 5, seed=6)
USES = {
    "matrix": lambda x: torch.einsum("ntc,cd->ntd", x, W),
    "matrix first": lambda x: torch.einsum("ut,ntc->nuc", U, x),
    "with blanks": lambda x: torch.einsum(" n t c , c d -> n t d ", x, W),
    "a list": lambda x: torch.einsum("ntc,cd->ntd", [x, W]),
    "alone": lambda x: torch.einsum("ntc->nct", x),
    "alone and summed": lambda x: torch.einsum("ntc->nc", x),
    "alone and summed all": lambda x: torch.einsum("ntc->n", x),
    "outer": lambda x: torch.einsum("ntc,ud->ncdtu", x, U),
    "entry by entry": lambda x: torch.einsum("ntc,tc->ntc", x, C),
    "batches of a constant": lambda x: torch.einsum("ntc,tde->nced", x, T),
    "batch in common": lambda x: torch.einsum("ntc,tc->nt", x, C),
    "sums on one side": lambda x: torch.einsum("ntc,cd->nt", x, W),
    "dots": lambda x: torch.einsum("...c,cd->...d", x, W),
    "dots on both": lambda x: torch.einsum("...c,...c->...", x, x.sin()),
    "dots of one axis": lambda x: torch.einsum("n...c,cd->n...d", x, W),
    "dots of nothing": lambda x: torch.einsum("ntc...,cd->ntd...", x, W),
    "dots of fewer": lambda x: torch.einsum("n...c,...c->n...", x, C),
    "dots of fewer first": lambda x: torch.einsum("...c,n...c->n...", V, x),
    "dots alone": lambda x: torch.einsum("...tc->...ct", x),
    "values": lambda x: torch.einsum("nic,njc->nij", x, x),
    "values and a sum": lambda x: torch.einsum("nic,njd->nij", x, x.sin()),
    "values, batch": lambda x: torch.einsum("ntc,ntd->ntcd", x, x.cos()),
    "three": lambda x: torch.einsum("ntc,nsc,nsd->ntd", x, x, x.sin()),
    "three with constants between": lambda x: torch.einsum("cd,ntc,ut->nud", W, x, U),
    "three, the last holds a label": lambda x: torch.einsum("ntc,cd,td->ntd", x, W, numbers(3, 2)),
    "four": lambda x: torch.einsum("ij,jk,nik,k->ni", numbers(3, 2), W.mT, x, V),
    "capitals": lambda x: torch.einsum("Bij,jK->BiK", x, W),
    "letters from the end": lambda x: torch.einsum("...Z,ZY->...Y", x, W),
}


@pytest.mark.parametrize("name", USES)
def test_values_are_torchs(name):
    assert_agrees(USES[name])


REFUSED = {
    "no arrow": lambda x: torch.einsum("ntc,cd", x, W),
    "no arrow alone": lambda x: torch.einsum("ntc", x),
    "fewer labels than operands": lambda x: torch.einsum("ntc->ntc", x, W),
    "more labels than operands": lambda x: torch.einsum("ntc,cd->ntd", x),
    "more operands, no arrow": lambda x: torch.einsum("ntc", x, W),
    "a label too few": lambda x: torch.einsum("nt,cd->ntd", x, W),
    "a label too many": lambda x: torch.einsum("ntcd->ntcd", x),
    "a label twice": lambda x: torch.einsum("ntt->nt", x @ W @ torch.ones(2, 3).double()),
    "a label twice in a constant": lambda x: torch.einsum("ntc,cc->ntc", x, numbers(5, 5)),
    "sizes": lambda x: torch.einsum("ntc,td->ncd", x, W),
    "sizes of one": lambda x: torch.einsum("ntc,td->ncd", x, W[:1]),
    "cells summed": lambda x: torch.einsum("ntc,ntd->cd", x, x),
    "cells elsewhere": lambda x: torch.einsum("ntc->tnc", x),
    "cells nowhere": lambda x: torch.einsum("ntc->", x),
    "cells of two names": lambda x: torch.einsum("ntc,mtc->nmt", x, x),
    "cells of two names, one kept": lambda x: torch.einsum("ntc,mtc->nt", x, x),
    "cells second": lambda x: torch.einsum("ntc,tnd->ncd", x[:, :3], x[:, :3]),
    "cells of a constant": lambda x: torch.einsum("ntc,nd->ntd", x, numbers(4, 2)),
    "cells of a constant last": lambda x: torch.einsum("ntc,dn->ntd", x, numbers(2, 4)),
    "a label of the result alone": lambda x: torch.einsum("ntc->ntz", x),
    "a constant in float32": lambda x: torch.einsum("ntc,cd->ntd", x, W.float()),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore")
def test_what_is_refused(name):
    with pytest.raises(UnknownOperationError):
        REFUSED[name](exactly(X))
