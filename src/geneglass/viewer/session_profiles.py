"""The profiles of the open section, on either side, for clusters and comparisons of domains."""

import numpy as np

from geneglass.viewer.session import Session
from geneglass.viewer.sides import MEASURED, PREDICTED
from geneglass.workflow.profiles import Profiles, measured_profiles


def sides_with_profiles(session: Session) -> list[str]:
    """Return the sides that have values, the predicted one first."""
    there = []
    if session.prediction is not None:
        there.append(PREDICTED)
    if session.measured_places is not None and len(session.measured_places.names):
        there.append(MEASURED)
    return there


def profiles_of(session: Session, side: str) -> Profiles:
    """Return the profiles of a side: measured spots without those set aside, or all predicted places."""
    if side == MEASURED:
        return _measured(session)
    adata = session.prediction
    if adata is None:
        raise ValueError("nothing is predicted")
    centres_yx = np.asarray(adata.obsm["spatial"], np.float32)[:, ::-1]
    return Profiles(list(adata.var_names), centres_yx, lambda: adata.X)


def _measured(session: Session) -> Profiles:
    section, places = session.section, session.measured_places
    if section is None or section.spots is None or places is None:
        raise ValueError("nothing is measured")
    rows, totals, table = np.flatnonzero(places.kept), session.totals(), section.spots.table
    return Profiles(list(table.var_names), places.centres_yx[rows], lambda: measured_profiles(table.X, totals, rows))
