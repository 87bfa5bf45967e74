"""What is left of a migration as tasks for whoever edits the app, a coding agent above all: `migrate brief OUT`.

- `task` is the type and its JSON (`converters/reports/brief.schema.json`); `kinds` says what sort of work a rule's finding is.
- `reports` takes findings out of documents that other commands printed, `checklist` out of the output's own MIGRATION.md.
- `tasks` makes a task of each finding: what may be touched, which facts it needs, and the command that shows that it is done.
"""
