"""The demo: a third of a million real flights, declared, loaded, served and checked."""
