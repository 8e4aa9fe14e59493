"""For a partner's own tests: a hub in the same process, without a database.

with HubSimulator() as hub:
    client = hub.client()
    member = client.enrol(reference="ann")
"""

from partner_sdk.testing.hub import HubSimulator

__all__ = ["HubSimulator"]
