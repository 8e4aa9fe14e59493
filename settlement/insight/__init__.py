"""Understanding the numbers of a window: how it nets, and why it differs from another."""
