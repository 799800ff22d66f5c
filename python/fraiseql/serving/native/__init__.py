"""Plans that the native server runs without Python."""
