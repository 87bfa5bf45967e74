"""Code that calls RunPod or Replicate, rewritten to call fal: `migrate callers`."""
