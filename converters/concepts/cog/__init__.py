"""The build that a cog.yaml describes: what it reads as, and the environment that it becomes. A predictor and a worker may have one."""
