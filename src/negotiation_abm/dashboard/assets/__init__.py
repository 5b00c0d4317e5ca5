"""What the browser gets before the page: one style sheet, one script."""
