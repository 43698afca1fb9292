"""`python -m tests.screenshots` draws `screenshots/*.svg` and `*.png` from the demo scenarios. Do not edit them."""
