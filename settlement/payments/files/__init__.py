"""The files of payments: what goes to the bank and what comes from it. Bytes in, values out."""
