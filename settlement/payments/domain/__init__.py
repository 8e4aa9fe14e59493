"""The rules of payments: references, matching, aging, interest. No IO, no clock."""
