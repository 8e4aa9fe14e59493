"""Entries: obligations that settlement itself makes, beside those of the hub's movements.

Payments, interest, what a dispute withholds, collateral: each is posted into the earliest business
date that is not netted yet, is netted with everything else, and is a line on both parties'
statements.
"""
