"""What happened to refinement tasks, and what may happen next.

Pure: the standard library and msgspec, no clock, no randomness, no IO. Start with `events.task`
(the facts and the state they add up to), then `events.admission` (who may start a task), then
`events.log` (what the log promises).
"""
