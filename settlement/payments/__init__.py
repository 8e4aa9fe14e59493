"""From positions that are due to money that moved: what is owed, asked for, paid out, matched."""
