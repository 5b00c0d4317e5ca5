"""What if: a branch from the record with something altered, against the branch as it was."""
