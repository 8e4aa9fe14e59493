"""For the engineer who connects a checkout: seeing what comes, and sending samples."""
