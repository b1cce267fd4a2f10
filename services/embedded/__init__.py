"""nats-server, mongod and SeaweedFS as child processes: for a laptop, the demo and tests."""
