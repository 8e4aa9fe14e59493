"""Points paid at a checkout: held, made into what the shopper uses there, captured or let go."""
