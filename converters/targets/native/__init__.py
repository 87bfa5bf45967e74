"""Apps in native style: the statements of a program's file in their new places, moved by libcst so that comments and formatting go along.

`worker*.py` writes the app of a RunPod worker and `predictor_*.py` the parts of a Cog predictor's (`targets/predictor.py`); both move code
with `statements.py` and `names.py`.
"""
