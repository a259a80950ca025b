"""Domains of two times put together: nothing that was drawn is lost, nothing that was taken away comes back."""

from dataclasses import replace

import pytest
import shapely

from geneglass.data.annotation import Domain
from geneglass.data.joined_domains import joined_domains

A, B, C = (Domain(name, shapely.box(n, 0, n + 1, 2)) for n, name in enumerate("ABC"))
A_NAMED, A_MOVED = replace(A, name="Nest"), replace(A, shape=shapely.box(5, 5, 8, 8))
A_READ_AGAIN = Domain("A", shapely.box(0, 0, 1, 2))
"""A of a file that gives no ids."""


@pytest.mark.parametrize(
    ("here", "before", "others", "joined"),
    [
        ((A,), (), (), (A,)),
        ((A,), (), (B,), (A, B)),
        ((A, B), (A,), (A_NAMED,), (A_NAMED, B)),
        ((A_NAMED, B), (A,), (A,), (A_NAMED, B)),
        ((B,), (A,), (A,), (B,)),
        ((B,), (A,), (A_NAMED,), (B, A_NAMED)),
        ((A,), (A,), (A_READ_AGAIN, C), (A, C)),
        ((A_MOVED,), (A,), (A_READ_AGAIN,), (A_MOVED,)),
    ],
    ids=[
        "nothing",
        "new",
        "changed by the others",
        "changed here",
        "taken away here",
        "taken away here and changed by the others",
        "read again with another id",
        "changed here and read again with another id",
    ],
)
def test_what_is_new_is_added(
    here: tuple[Domain, ...], before: tuple[Domain, ...], others: tuple[Domain, ...], joined: tuple[Domain, ...]
) -> None:
    assert joined_domains(here, before, others) == joined


def test_of_what_both_changed_both_forms_stay_once() -> None:
    joined = joined_domains((A_MOVED,), (A,), (A_NAMED, B))
    assert joined[0] == A_MOVED
    assert replace(joined[1], id=A.id) == A_NAMED
    assert joined[2:] == (B,)
    assert len({domain.id for domain in joined}) == 3
    assert joined_domains(joined, (A,), (A_NAMED, B)) == joined
    assert joined_domains((A_MOVED,), (A,), (A_NAMED, B)) == joined
