"""The views: one component `View(session, screen, query)` each, named in `app.VIEWS`."""
