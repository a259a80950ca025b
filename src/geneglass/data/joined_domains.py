"""Domains of one slide from two hands, or from two times, put together so that nothing drawn is lost."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from geneglass.data.annotation import Domain


def joined_domains(here: Sequence[Domain], before: Sequence[Domain], others: Sequence[Domain]) -> tuple[Domain, ...]:
    """Return domains with what is new in those of others.

    What others left as it was before is nothing new. What they changed and was not changed here takes their form;
    of what was changed by both, their form is added as a domain of its own.

    Parameters
    ----------
    here
        What is drawn now.
    before
        What both began with.
    others
        What is to be added.
    """
    if not others:
        return tuple(here)
    mine = {domain.id: domain for domain in here}
    known = {_content(domain) for domain in (*here, *before)}
    new = [domain for domain in others if _content(domain) not in known]
    untouched = {domain.id for domain in before if mine.get(domain.id) == domain}
    theirs = {domain.id: domain for domain in new if domain.id in untouched}
    added = [_with_own_id(domain) if domain.id in mine else domain for domain in new if domain.id not in theirs]
    return (*(theirs.get(domain.id, domain) for domain in here), *(item for item in added if item.id not in mine))


def _content(domain: Domain) -> Domain:
    """Return a domain without its id: a file that gives none is read with another one each time."""
    return replace(domain, id="")


def _with_own_id(domain: Domain) -> Domain:
    # The same form gets the same id: it is written again and again while it waits for an answer.
    drawn = f"{domain.id} {domain.name} {domain.shape.wkb_hex}"
    return replace(domain, id=str(uuid.uuid5(uuid.NAMESPACE_OID, drawn)))
