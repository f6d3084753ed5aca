"""What three ways of backing up cost: pure functions of stated inputs."""
