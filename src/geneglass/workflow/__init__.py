"""The jobs, as generators of events: embed, train, predict, evaluate."""
