"""Package data with its loaders: facts about countries that hold for every run; SOURCES.md says where they are from."""
