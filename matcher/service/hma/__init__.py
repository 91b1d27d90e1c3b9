"""The routes that review tools speak to Meta's Hasher-Matcher-Actioner, as a thin layer over our own."""
