"""Risk: collateral, the default of a partner, and its leaving in good order."""
