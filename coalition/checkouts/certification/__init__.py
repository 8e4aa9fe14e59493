"""Certifying a connection: ten graded cases of its secrets, its settings and its platform.

A run asks the platform first, for real (`platform`), and then plays everything on the hub's own
door, inbox, sales and points in one transaction that is rolled back (`rehearsal`). So a run shows
what would happen, and nothing of it does: no message is kept, no sale stated, no member's points
moved. Its report is all that stays.
"""
