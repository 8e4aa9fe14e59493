"""The client's calls by subject; ``PartnerClient`` is made of them."""
