"""The outside world, one vendor a file, behind ports that promise the same of each."""
