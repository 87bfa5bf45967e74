"""Secrets and credential files: recognised by name and by shape, kept out of everything that is written.

`recognize.py` finds values in a text, `files.py` the files that hold nothing but credentials. `vault.py` keeps what a project holds and
masks it, `withhold.py` takes it out of the model, `seal.py` checks the finished output. `openers.py` finds code that opens a file that
was left out.
"""
