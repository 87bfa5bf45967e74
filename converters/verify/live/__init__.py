"""Recorded requests sent to an endpoint that runs today and to the app that takes its place, both where they are deployed."""
