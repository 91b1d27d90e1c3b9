"""The web pages: people sign in, review, keep the catalog and scan; plain forms, drawn on the server."""
