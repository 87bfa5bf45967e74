"""Shows that a converted app does what its source does: both run side by side, with doubles for models, and are compared."""
