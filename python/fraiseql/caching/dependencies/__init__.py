"""What queries read and call, and whether any of its definitions changed."""
