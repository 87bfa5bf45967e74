"""The forms of a report that `--format` takes, beside the text for a terminal and the JSON document: a module each, named like its form."""
