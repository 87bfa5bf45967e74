"""JSON Schemas compared by what they accept: nothing here knows of projects or apps."""
