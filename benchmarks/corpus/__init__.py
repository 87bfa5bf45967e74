"""Runs the converter over real projects and the result under the real fal SDK, stage by stage."""
