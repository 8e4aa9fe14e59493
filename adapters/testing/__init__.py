"""Platforms in memory: what each would send and answer, for the kit, for fakes and for demos."""
