"""The static side of fal-migrate: reads RunPod, Replicate and Docker projects and writes fal projects, never running them."""

__version__ = "0.1.0"
