"""Files of orders: picked up from a folder where a partner drops them, in order, each once."""
