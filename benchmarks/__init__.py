"""What things cost, beside what the rivals take for the same in the same run: `pytest benchmarks`."""
