"""What fal offers: the settings of an app and the machines that it runs on. Facts only: nothing here reads a project."""
