"""`kdash get`, `describe`, `events` and `top`: objects of any type, printed and watched without a screen."""
