"""How parties keep their books: language, accounts, bank, payment terms; one profile a party."""
