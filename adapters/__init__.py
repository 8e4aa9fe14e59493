"""Adapters: what each checkout platform says and wants, in the coalition's own terms."""
