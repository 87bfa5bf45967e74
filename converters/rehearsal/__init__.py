"""Rehearsal: what fal would build is built, what fal would start is started in its image, and asked, without fal, a GPU or a registry."""
