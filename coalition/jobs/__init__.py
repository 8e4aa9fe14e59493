"""Background jobs: what is due, claimed once by whichever scheduler comes first, and recorded."""
