"""Currencies: in which of them partners settle, and the dated rates that convert.

Obligations net per currency, or are converted into the clearing currency, as the coalition's policy
of the date says. Quotes are imported with their source and date and never change; the rate of a
window is worked out from them exactly, rounded once, and kept with the window.
"""
