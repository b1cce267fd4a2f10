"""The refinement worker: takes requests, fetches originals, refines them, records the results."""
