"""The commands of `dwellmap`: they read options, call the packages and print; nothing is computed here."""
