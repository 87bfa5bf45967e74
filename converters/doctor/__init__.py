"""What of this machine `migrate` uses: packages and programs, what each enables, and which facts may be out of date."""
