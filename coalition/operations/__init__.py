"""What the operator looks at and turns: the test environment's clock, the parties' positions."""
