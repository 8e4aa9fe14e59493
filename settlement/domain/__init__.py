"""The rules of settlement: netting, windows, the chain of steps. No IO, no clock."""
