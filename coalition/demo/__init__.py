"""The demo: a year of real purchases, replayed through the SDK and settled night by night."""
