"""The output of a conversion on disk."""

from converters.output.place import Written, clear_scratch, default_output, must_be_writable, write, write_in_place, write_pieces
from converters.output.record import Asked
from converters.output.renew import Conflict

__all__ = ["Asked", "Conflict", "Written", "clear_scratch", "default_output", "must_be_writable", "write", "write_in_place", "write_pieces"]
