"""Many projects at once."""

from converters.batch.run import BatchRequest, Task, run_batch

__all__ = ["BatchRequest", "Task", "run_batch"]
