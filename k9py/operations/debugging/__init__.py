"""What debug containers, copies of pods and node shells are made of, as `kubectl debug` makes them."""
