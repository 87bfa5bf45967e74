"""Many projects at once."""

from converters.batch.run import BatchRequest, run_batch
from converters.batch.task import Task

__all__ = ["BatchRequest", "Task", "run_batch"]
