"""The sample logo of the demo, and the program that drew it."""
